-- What a subscription was last billed for in each bucket of 30 days: the dated history of price, product and seats. A line counts
-- from the day on which it was issued and its period had begun.
with lines as (
    select * from {{ ref('int_recurring_lines') }}
),

details as (
    select
        source_name,
        subscription_id,
        invoice_id,
        max_by(product, amount_minor) as product,
        sum(quantity) as quantity
    from {{ canonical('billing_invoice_lines') }}
    where kind = 'recurring' and subscription_id is not null
    group by 1, 2, 3
),

subscriptions as (
    select * from {{ ref('int_subscriptions') }}
),

invoiced as (
    select
        lines.source_name,
        lines.subscription_id,
        lines.invoice_id,
        lines.currency,
        lines.period_start,
        cast(greatest(lines.issued_at, lines.period_start) as date) as known_day,
        max(lines.period_end) as period_end,
        greatest(sum(
            lines.amount_minor * {{ billed_factor('subscriptions.interval', 'subscriptions.interval_count', elapsed_days('lines.period_start', 'lines.period_end')) }}
        ), 0) as monthly_minor
    from lines
    inner join subscriptions
        on lines.source_name = subscriptions.source_name and lines.subscription_id = subscriptions.subscription_id
    where lines.period_end is null or lines.period_end > subscriptions.paid_from
    group by 1, 2, 3, 4, 5, 6
),

placed as (
    select
        *,
        {{ bucket_of('known_day') }} as bucket
    from invoiced
    where known_day <= {{ as_of_date() }}
),

newest as (
    select *
    from placed
    qualify row_number() over (
        partition by source_name, subscription_id, bucket
        order by known_day desc, period_start desc, invoice_id desc, currency
    ) = 1
),

compared as (
    select
        newest.source_name,
        newest.subscription_id,
        newest.bucket,
        newest.known_day,
        cast(newest.period_end as date) as period_end_day,
        newest.currency,
        newest.monthly_minor,
        details.product,
        cast(details.quantity as double) as quantity,
        coalesce(
            details.product <> lag(details.product) over (
                partition by newest.source_name, newest.subscription_id order by newest.bucket desc
            ),
            false
        ) as is_product_change
    from newest
    left join details
        on newest.source_name = details.source_name
        and newest.subscription_id = details.subscription_id
        and newest.invoice_id = details.invoice_id
)

select * from compared
