-- Who was treated by the action of a campaign while it ran, who was held out from it, and what margin each brought afterwards.
with campaigns as (
    select * from {{ canonical('crm_campaigns') }}
    where action is not null and action <> 'nothing'
),

actions as (
    select * from {{ canonical('crm_actions') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'crm'
),

orders as (
    select * from {{ ref('int_orders') }}
),

contacts as (
    select * from {{ ref('int_campaign_contacts') }}
),

-- a decision belongs to one campaign: the last to have started of those that carry its action out
placed as (
    select
        campaigns.source_name,
        campaigns.campaign_id,
        actions.customer_id,
        actions.action_id,
        actions.decided_at,
        coalesce(actions.is_holdout, false) as is_holdout,
        actions.propensity,
        actions.cost_minor,
        actions.currency
    from campaigns
    inner join actions
        on campaigns.source_name = actions.source_name
        and (actions.action = campaigns.action or (actions.action = 'nothing' and actions.is_holdout))
        and (campaigns.started_at is null or actions.decided_at >= campaigns.started_at)
        and (campaigns.ended_at is null or actions.decided_at < campaigns.ended_at)
    qualify row_number() over (
        partition by actions.source_name, actions.action_id, campaigns.action
        order by campaigns.started_at desc nulls last, campaigns.campaign_id desc
    ) = 1
),

costed as (
    select
        placed.*,
        identities.customer_key,
        case when not placed.is_holdout then {{ to_reporting('placed.cost_minor') }} end as action_cost
    from placed
    inner join identities
        on placed.source_name = identities.source_name
        and placed.customer_id = identities.source_customer_id
    {{ join_rate('placed.currency', 'cast(placed.decided_at as date)') }}
),

-- a customer counts once in a campaign, with the first decision; what was spent later costs all the same
decisions as (
    select
        *,
        sum(action_cost) over (partition by source_name, campaign_id, customer_key) as cost
    from costed
    qualify row_number() over (partition by source_name, campaign_id, customer_key order by decided_at, action_id) = 1
),

-- whom the campaign reached after the decision, held out or not
reached as (
    select distinct decisions.source_name, decisions.campaign_id, decisions.customer_key
    from decisions
    inner join contacts
        on decisions.source_name = contacts.source_name
        and decisions.campaign_id = contacts.campaign_id
        and decisions.customer_key = contacts.customer_key
        and contacts.last_at >= decisions.decided_at
        and contacts.first_at < {{ add_days('decisions.decided_at', var('churn_horizon_days')) }}
),

outcomes as (
    select
        decisions.source_name,
        decisions.campaign_id,
        decisions.customer_key,
        decisions.is_holdout,
        decisions.cost,
        reached.customer_key is not null as was_contacted,
        {{ add_days('decisions.decided_at', var('churn_horizon_days')) }} <= {{ as_of_end() }} as is_mature,
        -- 1 / propensity undoes that a policy picks its customers; an arm drawn at random weighs all alike
        case when decisions.propensity > 0 and decisions.propensity <= 1 then 1 / decisions.propensity::double else 1 end::decimal(20, 12)
            as weight,
        coalesce(sum(orders.net_amount_reporting), 0)::decimal(28, 6) * {{ var('gross_margin') }}::decimal(13, 12) as margin
    from decisions
    left join reached
        on decisions.source_name = reached.source_name
        and decisions.campaign_id = reached.campaign_id
        and decisions.customer_key = reached.customer_key
    left join orders
        on decisions.customer_key = orders.customer_key
        and orders.ordered_at >= decisions.decided_at
        and orders.ordered_at < {{ add_days('decisions.decided_at', var('churn_horizon_days')) }}
    group by all
)

select * from outcomes
