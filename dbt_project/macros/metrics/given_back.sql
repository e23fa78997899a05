{#- What was given back, as the CTE `given_back`: one row per refund or chargeback of `payments`. `order_currency` and `order_minor` are those
    of the order among `orders` that it reduces, NULL where there is none. Where a country has changed its money between an order and its
    refund, the refund is worth what the rates of the day of the order say; without such rates it reduces no order. -#}
{% macro given_back(orders, payments) -%}
of_one_currency as (
    select source_name, invoice_id, min(currency) as currency, cast(min(ordered_at) as date) as day
    from {{ orders }}
    where invoice_id in (select invoice_id from {{ payments }} where kind in ('refund', 'chargeback'))
    group by source_name, invoice_id
    having count(*) = 1
),

given_back as (
    select
        {{ payments }}.source_name,
        {{ payments }}.payment_id,
        {{ payments }}.invoice_id,
        {{ payments }}.billing_customer_id,
        {{ payments }}.occurred_at,
        {{ payments }}.currency,
        abs({{ payments }}.amount_minor) as amount_minor,
        case
            when same.invoice_id is not null then same.currency
            when given.rate * owed.rate is not null then of_one_currency.currency
        end as order_currency,
        case
            when same.invoice_id is not null then abs({{ payments }}.amount_minor)
            else cast(round(
                cast(abs({{ payments }}.amount_minor) as double) / given.minor_units * given.rate / owed.rate * owed.minor_units, 0
            ) as bigint)
        end as order_minor
    from {{ payments }}
    left join {{ orders }} as same
        on same.source_name = {{ payments }}.source_name
        and same.invoice_id = {{ payments }}.invoice_id
        and same.currency = {{ payments }}.currency
    left join of_one_currency
        on of_one_currency.source_name = {{ payments }}.source_name
        and of_one_currency.invoice_id = {{ payments }}.invoice_id
        and of_one_currency.currency <> {{ payments }}.currency
    {{ join_rate(payments ~ '.currency', 'of_one_currency.day', 'given') }}
    {{ join_rate('of_one_currency.currency', 'of_one_currency.day', 'owed') }}
    where {{ payments }}.kind in ('refund', 'chargeback')
)
{%- endmacro %}
