{% set channels = ['email', 'sms', 'phone', 'push', 'post', 'ads'] %}
with customers as (
    select * from {{ ref('dim_customers') }}
    where not is_erased
),

states as (
    select * from {{ ref('int_customer_state') }}
),

permissions as (
    select * from {{ ref('int_contact_permissions') }}
),

profiled as (
    select * from {{ ref('int_profiled_customers') }}
),

churn as (
    select * from {{ ref('fct_churn_scores') }}
),

clv as (
    select * from {{ ref('metric_customer_clv') }}
),

actions as (
    select * from {{ ref('fct_next_best_actions') }}
),

combined as (
    select
        customers.customer_key,
        {{ as_of_date() }} as as_of_date,
        customers.country,
        customers.region,
        customers.industry,
        customers.company_size,
        customers.acquisition_channel,
        customers.first_seen_at,
        customers.lifecycle_stage,
        customers.is_active,
        cast(states.mrr as decimal(28, 6)) as mrr,
        cast(states.orders as bigint) as orders,
        states.last_order_at,
        states.last_interaction_at,
        cast(states.tickets_open as bigint) as tickets_open,
        cast(states.last_nps as integer) as last_nps,
        case when states.last_nps >= 9 then 'promoter' when states.last_nps >= 7 then 'passive' when states.last_nps >= 0 then 'detractor' end
            as nps_group,
        states.last_nps_at,
        cast(states.last_csat as double) as last_csat,
        churn.churn_probability,
        churn.risk_band as churn_risk_band,
        churn.reasons as churn_reasons,
        clv.clv_historic,
        clv.clv_predicted,
        clv.clv_total,
        clv.expected_purchases,
        actions.action as next_best_action,
        actions.channel as next_best_action_channel,
        actions.reason as next_best_action_reason,
        -- Whoever is not active gets no decision, and belongs to the holdout all the same: an audience treats the inactive, too.
        coalesce(actions.is_holdout, {{ is_held_out('customers.customer_key') }}) as is_holdout,
        profiled.customer_key is not null as can_profile
        {%- for channel in channels %},
        permissions.can_{{ channel }}
        {%- endfor %}
    from customers
    inner join states on customers.customer_key = states.customer_key
    inner join permissions on customers.customer_key = permissions.customer_key
    left join profiled on customers.customer_key = profiled.customer_key
    left join churn on customers.customer_key = churn.customer_key
    left join clv on customers.customer_key = clv.customer_key
    left join actions on customers.customer_key = actions.customer_key
)

select * from combined
