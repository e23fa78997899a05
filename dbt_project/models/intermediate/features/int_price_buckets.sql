-- What a subscription was last billed for in each bucket. Buckets are split anew every night; changes are told from billed day to billed
-- day before that, so that what a past cut-off knew does not depend on it.
with billed_days as (
    select
        *,
        {{ bucket_of('known_day') }} as bucket
    from {{ ref('int_billed_days') }}
),

bucketed as (
    select
        source_name,
        subscription_id,
        bucket,
        max(known_day) as known_day,
        cast(max(period_end) as date) as period_end_day,
        max_by(currency, known_day) as currency,
        max_by(monthly_minor, known_day) as monthly_minor,
        max_by(product, known_day) filter (where product is not null) as product,
        max_by(quantity, known_day) filter (where quantity is not null) as quantity,
        sum(case when is_product_change then 1 else 0 end) as product_changes,
        max(case when is_product_change then known_day end) as last_change_day
    from billed_days
    group by 1, 2, 3
)

select * from bucketed
