with profiled as (
    select * from {{ ref('int_profiled_customers') }}
),

candidates as (
    select * from {{ source('ml', 'action_candidates') }}
),

permitted as (
    select
        candidates.customer_key,
        candidates.as_of_date,
        candidates.action,
        candidates.channel,
        candidates.gate_removed_by,
        candidates.score
    from candidates
    inner join profiled using (customer_key)
)

select * from permitted
