with profiled as (
    select * from {{ ref('int_profiled_customers') }}
),

scores as (
    select * from {{ source('ml', 'churn_scores') }}
),

permitted as (
    select
        scores.customer_key,
        scores.as_of_date,
        scores.horizon_days,
        scores.churn_probability,
        scores.risk_band,
        scores.reasons,
        scores.model_version
    from scores
    inner join profiled using (customer_key)
)

select * from permitted
