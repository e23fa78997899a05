-- How recently, how often and for how much does the customer buy, and is that changing? Orders count as they were placed: a refund
-- that came later was not known at the cut-off, and has features of its own.
with spine as (
    select * from {{ ref('int_feature_spine') }}
),

orders as (
    select * from {{ ref('int_orders') }}
),

dated_orders as (
    select
        customer_key,
        cast(ordered_at as date) as order_day,
        ordered_amount_reporting
    from orders
    where ordered_amount_reporting > 0
),

buckets as (
    select
        customer_key,
        {{ bucket_of('order_day') }} as bucket,
        count(*) as orders,
        count(distinct order_day) as order_days,
        -- decimals sum to the same last digit whatever the order of the rows
        cast(sum(ordered_amount_reporting) as decimal(28, 6)) as order_value,
        min(order_day) as first_order_day,
        max(order_day) as last_order_day
    from dated_orders
    group by 1, 2
),

summed as (
    select
        spine.customer_key,
        spine.cutoff_index,
        spine.cutoff_date,
        min(buckets.first_order_day) as first_order_day,
        max(buckets.last_order_day) as last_order_day,
        {{ sum_last('orders', 30) }} as orders_30d,
        {{ sum_last('orders', 90) }} as orders_90d,
        {{ sum_last('orders', 90, skip=90) }} as orders_previous_90d,
        {{ sum_last('orders', 360) }} as orders_360d,
        cast(coalesce(sum(buckets.orders), 0) as double) as orders_lifetime,
        coalesce(sum(buckets.order_days), 0) as order_days_lifetime,
        {{ sum_last('order_value', 90) }} as order_value_90d,
        {{ sum_last('order_value', 90, skip=90) }} as order_value_previous_90d,
        {{ sum_last('order_value', 360) }} as order_value_360d,
        cast(coalesce(sum(buckets.order_value), 0) as double) as order_value_lifetime
    from spine
    left join buckets
        on spine.customer_key = buckets.customer_key and buckets.bucket >= spine.cutoff_index
    group by 1, 2, 3
),

described as (
    select
        spine.customer_key,
        spine.cutoff_index,
        {{ days_since('spine.first_order_day') }} as days_since_first_order,
        {{ days_since('spine.last_order_day') }} as days_since_last_order,
        spine.orders_30d,
        spine.orders_90d,
        spine.orders_90d - spine.orders_previous_90d as orders_change_90d,
        spine.orders_360d,
        spine.orders_lifetime,
        spine.order_value_90d,
        spine.order_value_90d - spine.order_value_previous_90d as order_value_change_90d,
        spine.order_value_360d,
        spine.order_value_lifetime,
        spine.order_value_lifetime / nullif(spine.orders_lifetime, 0) as mean_order_value,
        {{ days_between('spine.first_order_day', 'spine.last_order_day') }}
        / cast(nullif(spine.order_days_lifetime - 1, 0) as double) as mean_days_between_orders
    from summed as spine
),

compared as (
    select
        *,
        -- above 1: longer silent than this customer usually is
        days_since_last_order / nullif(mean_days_between_orders, 0) as order_gap_ratio
    from described
)

select * from compared
