-- What a subscription was last billed for on each day on which it was: the dated history of price, product and seats. A line counts from
-- the day on which it was issued and its period had begun. Changes are told from one billed day to the next.
{{ renewed('subscriptions') }}
with lines as (
    select *
    from {{ ref('int_recurring_lines') }} as lines
    {%- if continues() %}
    where {{ touched_subscription('lines') }}
    {%- endif %}
),

details as (
    select
        source_name,
        subscription_id,
        invoice_id,
        max_by(product, {{ ordered_by(['amount_minor', 'product']) }}) as product,
        sum(quantity) as quantity
    from {{ canonical('billing_invoice_lines') }} as billed
    where kind = 'recurring'
        and subscription_id is not null
        {%- if continues() %}
        and {{ touched_subscription('billed') }}
        {%- endif %}
    group by 1, 2, 3
),

subscriptions as (
    select * from {{ ref('int_subscriptions') }}
),

-- What discounts and credits alone say is no price, as in int_billed_prices: their day would be one on which nothing was paid.
invoiced as (
    select
        lines.source_name,
        lines.subscription_id,
        lines.invoice_id,
        lines.currency,
        lines.period_start,
        cast(greatest(lines.issued_at, lines.period_start) as date) as known_day,
        max(lines.period_end) as period_end,
        -- decimals sum to the same last digit whatever the order of the rows
        greatest(cast(sum(cast(
            lines.amount_minor * {{ billed_factor('subscriptions.interval', 'subscriptions.interval_count', 'lines.period_start', 'lines.period_end') }}
            as decimal(28, 6)
        )) as double), 0) as monthly_minor
    from lines
    inner join subscriptions
        on lines.source_name = subscriptions.source_name and lines.subscription_id = subscriptions.subscription_id
    where (lines.period_end is null or lines.period_end > subscriptions.paid_from)
        and not coalesce(lines.is_addition, false)
    group by 1, 2, 3, 4, 5, 6
    having min(case when lines.is_discount then 1 else 0 end) = 0
),

billed_days as (
    select
        invoiced.*,
        details.product,
        cast(details.quantity as double) as quantity
    from invoiced
    left join details
        on invoiced.source_name = details.source_name
        and invoiced.subscription_id = details.subscription_id
        and invoiced.invoice_id = details.invoice_id
    where invoiced.known_day <= {{ as_of_date() }}
    qualify row_number() over (
        partition by invoiced.source_name, invoiced.subscription_id, invoiced.known_day
        order by invoiced.period_start desc, invoiced.invoice_id desc, invoiced.currency
    ) = 1
),

compared as (
    select
        *,
        coalesce(
            product <> lag(product) over (partition by source_name, subscription_id order by known_day),
            false
        ) as is_product_change
    from billed_days
)

select * from compared
