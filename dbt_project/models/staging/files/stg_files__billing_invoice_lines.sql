{{ renewed('rows', table='billing_invoice_lines') }}
with
newest as (
    {{ newest_versions('billing_invoice_lines') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

amounts as (
    select
        newest.*,
        coalesce(newest.amount_minor, {{ to_whole_minor('newest.amount', 'currencies.exponent') }}) as stated_minor
    from newest
    left join currencies on currencies.currency = upper({{ filled('newest.currency') }})
),

-- A discount lowers its invoice, whether its source writes it with a sign or without.
conformed as (
    select
        amounts._source as source_name,
        amounts.invoice_line_id,
        amounts.invoice_id,
        amounts.billing_customer_id,
        {{ filled('amounts.subscription_id') }} as subscription_id,
        amounts.kind,
        amounts.issued_at,
        amounts.period_start,
        amounts.period_end,
        case when amounts.kind = 'discount' then -abs(amounts.stated_minor) else amounts.stated_minor end as amount_minor,
        upper({{ filled('amounts.currency') }}) as currency,
        amounts.quantity,
        amounts.product,
        lower({{ filled('amounts.invoice_status') }}) as invoice_status
    from amounts
)

select * from conformed
