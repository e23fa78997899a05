-- What was done in the past and how it ended: the material of the policy. Features are those of the newest grid day wholly before
-- the decision, so that they cannot know its effect; what moves by itself is carried on to the day of the decision.
with decisions as (
    select * from {{ ref('int_action_decisions') }}
    where is_sampled
),

features as (
    select * from {{ ref('int_customer_features') }}
),

spells as (
    select * from {{ ref('int_activity_spells') }}
),

orders as (
    select * from {{ ref('int_orders') }}
),

retained as (
    select
        decisions.action_id,
        bool_or({{ is_retained('spells', 'decisions.decided_day', 'decisions.outcome_day') }}) as is_retained
    from decisions
    inner join spells on decisions.customer_key = spells.customer_key
    group by decisions.action_id
),

earned as (
    select
        decisions.action_id,
        cast(sum(orders.net_amount_reporting) as double) * {{ var('gross_margin') }} as margin
    from decisions
    inner join orders
        on decisions.customer_key = orders.customer_key
        and cast(orders.ordered_at as date) > decisions.decided_day
        and cast(orders.ordered_at as date) <= decisions.outcome_day
    group by decisions.action_id
),

matured as (
    select
        decisions.action_id,
        decisions.customer_key,
        decisions.decided_at,
        decisions.outcome_day,
        decisions.action,
        decisions.propensity,
        decisions.cost,
        decisions.is_holdout,
        case when retained.is_retained then 1 else 0 end as stayed,
        coalesce(earned.margin, 0) as margin
        {%- for name in feature_columns() %},
        {{ at_decision(name) }} as {{ name }}
        {%- endfor %}
    from decisions
    inner join features
        on decisions.customer_key = features.customer_key and decisions.cutoff_index = features.cutoff_index
    left join retained on decisions.action_id = retained.action_id
    left join earned on decisions.action_id = earned.action_id
)

select * from matured
