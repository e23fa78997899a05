-- Each subscription of a customer as it was known at a cut-off: live or ended, price, seats and product as last billed, now and one
-- quarter and one year before. One that was never billed has the price of its record, which has no history.
with spine as (
    select * from {{ ref('int_feature_spine') }}
),

subscriptions as (
    select * from {{ ref('int_subscriptions') }}
    where can_pay and cast(paid_from as date) <= {{ as_of_date() }} and (ends_at is null or ends_at > paid_from)
),

prices as (
    select * from {{ ref('int_price_buckets') }}
),

started as (
    select
        spine.cutoff_index,
        spine.cutoff_date,
        subscriptions.*
    from spine
    inner join subscriptions
        on spine.customer_key = subscriptions.customer_key
        and cast(subscriptions.paid_from as date) <= spine.cutoff_date
),

billed as (
    select
        started.source_name,
        started.subscription_id,
        started.cutoff_index,
        {%- for days in [0, 90, 360] %}
        {%- set by_then = 'buckets.bucket >= started.cutoff_index + ' ~ buckets_in(days) %}
        min_by(buckets.monthly_minor, buckets.bucket) filter (where {{ by_then }}) as monthly_minor_{{ days }},
        min_by(buckets.quantity, buckets.bucket) filter (where {{ by_then }} and buckets.quantity is not null) as quantity_{{ days }},
        {%- endfor %}
        min_by(buckets.currency, buckets.bucket) as currency,
        min_by(buckets.product, buckets.bucket) filter (where buckets.product is not null) as product,
        max(buckets.period_end_day) as period_end_day,
        cast(sum(case when buckets.bucket < started.cutoff_index + {{ buckets_in(360) }} then buckets.product_changes else 0 end) as double)
            as plan_changes_360d,
        max(buckets.last_change_day) as last_change_day
    from started
    inner join prices as buckets
        on started.source_name = buckets.source_name
        and started.subscription_id = buckets.subscription_id
        and buckets.bucket >= started.cutoff_index
    group by 1, 2, 3
),

known as (
    select
        started.customer_key,
        started.cutoff_index,
        started.cutoff_date,
        started.source_name,
        started.subscription_id,
        cast(started.paid_from as date) as first_day,
        cast(started.ends_at as date) as ends_day,
        coalesce(cast(started.cancel_requested_at as date) <= started.cutoff_date, false) as has_requested_cancellation,
        coalesce(billed.product, started.plan) as plan,
        started.interval as billing_interval,
        {%- for days in [0, 90, 360] %}
        {{ is_live_before('started', days) }} as is_live_{{ days }},
        case when {{ is_live_before('started', days) }} then
            coalesce(billed.monthly_minor_{{ days }}, {{ list_price('started') }})
        end as monthly_minor_{{ days }},
        case when {{ is_live_before('started', days) }} then
            coalesce(billed.quantity_{{ days }}, cast(started.quantity as double), 1)
        end as seats_{{ days }},
        {%- endfor %}
        coalesce(billed.currency, started.currency) as currency,
        coalesce(billed.plan_changes_360d, 0) as plan_changes_360d,
        billed.last_change_day,
        case
            when billed.period_end_day > started.cutoff_date then {{ days_between('started.cutoff_date', 'billed.period_end_day') }}
            else {{ days_to_anniversary('started.paid_from', 'started.cutoff_date', 'started.interval', 'started.interval_count') }}
        end as days_to_renewal
    from started
    left join billed
        on started.source_name = billed.source_name
        and started.subscription_id = billed.subscription_id
        and started.cutoff_index = billed.cutoff_index
)

select * from known
