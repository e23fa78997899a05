-- Nothing here is weighed by hand: what the models say about staying and value stands beside what the customer said.
with churn as (
    select * from {{ ref('fct_churn_scores') }}
),

clv as (
    select * from {{ ref('metric_customer_clv') }}
),

features as (
    select * from {{ ref('int_customer_features') }}
    where cutoff_index = 0 and is_for_customers
),

combined as (
    select
        churn.customer_key,
        churn.as_of_date,
        churn.churn_probability,
        churn.risk_band as churn_risk_band,
        cast(clv.clv_predicted * churn.churn_probability as decimal(28, 6)) as value_at_risk,
        clv.clv_predicted,
        features.last_nps,
        features.last_csat,
        cast(features.days_since_last_answer as integer) as days_since_last_answer,
        cast(features.tickets_open as integer) as tickets_open,
        churn.reasons
    from churn
    left join clv on churn.customer_key = clv.customer_key
    left join features on churn.customer_key = features.customer_key
)

select * from combined
