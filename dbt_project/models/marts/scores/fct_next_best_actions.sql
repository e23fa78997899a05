with profiled as (
    select * from {{ ref('int_profiled_customers') }}
),

decisions as (
    select * from {{ source('ml', 'next_best_actions') }}
),

permitted as (
    select
        decisions.customer_key,
        decisions.as_of_date,
        decisions.action,
        decisions.channel,
        decisions.aims_at,
        decisions.expected_value,
        decisions.expected_uplift,
        decisions.propensity,
        decisions.is_holdout,
        decisions.reason,
        decisions.policy_version,
        decisions.model_version
    from decisions
    inner join profiled using (customer_key)
)

select * from permitted
