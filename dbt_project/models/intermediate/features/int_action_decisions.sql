-- The treatment log under the persistent customer key, with the newest grid day that lies wholly before the decision and whether the
-- window after it was over by the newest one: what is learned from the log changes when a grid day has passed, not every night. A
-- decision whose propensity is unknown or impossible can teach nothing and is left out. Who was held out could get nothing else: where a
-- log states no propensity for them it is 1, as in our own, or they would be missing where the others are compared with them.
with actions as (
    select * from {{ canonical('crm_actions') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'crm'
),

catalogue as (
    select * from {{ ref('int_action_catalogue') }}
),

decisions as (
    select
        actions.source_name,
        actions.action_id,
        identities.customer_key,
        actions.action,
        actions.decided_at,
        cast(actions.decided_at as date) as decided_day,
        coalesce(cast(actions.propensity as double), case when actions.is_holdout then 1.0 end) as propensity,
        coalesce(actions.is_holdout, false) as is_holdout,
        actions.cost_minor,
        actions.currency
    from actions
    inner join identities
        on actions.source_name = identities.source_name
        and actions.customer_id = identities.source_customer_id
),

costed as (
    select
        decisions.source_name || ':' || decisions.action_id as action_id,
        decisions.customer_key,
        decisions.action,
        decisions.decided_at,
        decisions.decided_day,
        cast({{ add_days('decisions.decided_day', var('churn_horizon_days')) }} as date) as outcome_day,
        decisions.propensity,
        coalesce({{ to_reporting('decisions.cost_minor') }}, catalogue.cost, 0) as cost,
        decisions.is_holdout
    from decisions
    {{ join_rate('decisions.currency', 'decisions.decided_day') }}
    left join catalogue on decisions.action = catalogue.action
),

bucketed as (
    select
        *,
        {{ bucket_of('decided_day') }} as bucket
    from costed
),

placed as (
    select
        *,
        -- an odd bucket ends with a grid day, which knows too much: the one before it counts
        bucket + 1 + bucket % 2 as cutoff_index,
        outcome_day <= {{ newest_grid_day() }} as is_mature,
        propensity > 0 and propensity <= 1 as is_usable
    from bucketed
),

sampled as (
    select
        *,
        row_number() over (
            partition by is_mature and coalesce(is_usable, false)
            order by {{ hash_unit('action_id', 'decision') }}, action_id
        ) <= {{ var('max_training_decisions') }}
        and is_mature and coalesce(is_usable, false) as is_sampled
    from placed
)

select * from sampled
