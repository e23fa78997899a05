-- Does the customer have trouble, and is it being solved? Open means opened within 180 days and not solved by the cut-off:
-- the status column has no history, and a ticket that nobody ever closed says nothing after half a year.
with spine as (
    select * from {{ ref('int_feature_spine') }}
),

tickets as (
    select * from {{ ref('int_tickets') }}
),

dated_tickets as (
    select
        customer_key,
        cast(opened_at as date) as opened_day,
        cast(solved_at as date) as solved_day,
        24 * {{ elapsed_days('opened_at', 'solved_at') }} as hours_to_solve,
        {{ is_high_priority('priority') }} as is_high_priority
    from tickets
    where customer_key is not null
),

buckets as (
    select
        customer_key,
        {{ bucket_of('opened_day') }} as bucket,
        {{ bucket_of('solved_day') }} as solved_bucket,
        count(*) as tickets,
        sum(case when is_high_priority then 1 else 0 end) as high_priority,
        -- decimals sum to the same last digit whatever the order of the rows
        sum(cast(hours_to_solve as decimal(18, 6))) as hours_to_solve,
        max(opened_day) as last_opened_day
    from dated_tickets
    group by 1, 2, 3
),

summed as (
    select
        spine.customer_key,
        spine.cutoff_index,
        spine.cutoff_date,
        max(buckets.last_opened_day) as last_opened_day,
        {{ sum_last('tickets', 30) }} as tickets_30d,
        {{ sum_last('tickets', 90) }} as tickets_90d,
        {{ sum_last('tickets', 360) }} as tickets_360d,
        {{ sum_last('high_priority', 90) }} as tickets_high_priority_90d,
        cast(coalesce(sum(case when {{ in_window(180) }} and {{ is_open() }} then buckets.tickets end), 0) as double) as tickets_open,
        sum(case when {{ in_window(360) }} and not {{ is_open() }} then buckets.hours_to_solve end) as solved_hours,
        sum(case when {{ in_window(360) }} and not {{ is_open() }} then buckets.tickets end) as solved
    from spine
    left join buckets
        on spine.customer_key = buckets.customer_key and buckets.bucket >= spine.cutoff_index
    group by 1, 2, 3
),

described as (
    select
        spine.customer_key,
        spine.cutoff_index,
        {{ days_since('spine.last_opened_day') }} as days_since_last_ticket,
        spine.tickets_30d,
        spine.tickets_90d,
        spine.tickets_360d,
        spine.tickets_high_priority_90d,
        spine.tickets_open,
        cast(spine.solved_hours as double) / nullif(spine.solved, 0) as mean_hours_to_solve_360d
    from summed as spine
)

select * from described
