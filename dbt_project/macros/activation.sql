{#- What a system of record receives of everyone who is neither erased nor has withdrawn from profiling. Rounded as declared, so that
    a record changes only when what the receiver sees changes; so the as-of date stays outside the compared fields there. -#}
{% macro customer_scores() -%}
with customers as (
    select * from {{ ref('customer_360') }}
    where can_profile
),

external_ids as (
    select * from {{ ref('int_external_ids') }}
),

scores as (
    select
        external_ids.external_id,
        customers.customer_key,
        cast(round(customers.churn_probability, 4) as decimal(5, 4)) as churn_probability,
        customers.churn_risk_band,
        cast(round(customers.clv_predicted, 2) as decimal(18, 2)) as clv_predicted,
        customers.next_best_action,
        customers.last_nps as nps,
        customers.lifecycle_stage,
        customers.as_of_date
    from customers
    inner join external_ids on customers.customer_key = external_ids.customer_key
)

select * from scores
{%- endmacro %}
