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

customer_months as (
    select * from {{ ref('int_customer_months') }}
),

referrals as (
    select * from {{ ref('int_referrals') }}
),

responses as (
    select * from {{ ref('int_survey_responses') }}
),

earned as (
    select
        decisions.action_id,
        cast(sum(orders.net_amount_reporting) as double) as amount
    from decisions
    inner join orders
        on decisions.customer_key = orders.customer_key
        and cast(orders.ordered_at as date) > decisions.decided_day
        and cast(orders.ordered_at as date) <= decisions.outcome_day
    group by decisions.action_id
),

paid as (
    select
        decisions.action_id,
        cast(max(case when customer_months.month = {{ month_closed_by('decisions.decided_day') }} then customer_months.mrr end) as double)
            as mrr_before,
        cast(max(case when customer_months.month = {{ month_closed_by('decisions.outcome_day') }} then customer_months.mrr end) as double)
            as mrr_after
    from decisions
    inner join customer_months
        on decisions.customer_key = customer_months.customer_key
        and customer_months.month >= {{ month_closed_by('decisions.decided_day') }}
        and customer_months.month <= {{ month_closed_by('decisions.outcome_day') }}
    group by decisions.action_id
),

-- One who was told of it before the decision and came because of it cannot be told apart: only referrals made after it count.
referred as (
    select distinct decisions.action_id
    from decisions
    inner join referrals
        on decisions.customer_key = referrals.referrer_key
        and cast(referrals.referred_at as date) > decisions.decided_day
        and cast(referrals.converted_at as date) <= decisions.outcome_day
),

answered as (
    select distinct decisions.action_id
    from decisions
    inner join responses
        on decisions.customer_key = responses.customer_key
        and cast(responses.responded_at as date) > decisions.decided_day
        and cast(responses.responded_at as date) <= decisions.outcome_day
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
        coalesce(earned.amount, 0) * {{ var('gross_margin') }} as margin,
        {{ expansion() }} as outcome_expansion,
        case when referred.action_id is null then 0 else 1 end as outcome_referral,
        case when answered.action_id is null then 0 else 1 end as outcome_survey_response
        {%- for name in feature_columns() %},
        {{ at_decision(name) }} as {{ name }}
        {%- endfor %}
    from decisions
    inner join features
        on decisions.customer_key = features.customer_key and decisions.cutoff_index = features.cutoff_index
    left join retained on decisions.action_id = retained.action_id
    left join earned on decisions.action_id = earned.action_id
    left join paid on decisions.action_id = paid.action_id
    left join referred on decisions.action_id = referred.action_id
    left join answered on decisions.action_id = answered.action_id
)

select * from matured
