-- Every action for every customer active tonight, with the first gate that removes it. The gates are asked in the order of the
-- contract; capacity comes last and needs the scores, so Python applies it.
with features as (
    select * from {{ ref('int_customer_features') }}
    where cutoff_index = 0 and is_for_customers
),

catalogue as (
    select * from {{ ref('int_action_catalogue') }}
),

channels as (
    select * from {{ ref('int_reachable_channels') }}
),

contact_state as (
    select * from {{ ref('int_contact_state') }}
),

decisions as (
    select * from {{ ref('int_action_decisions') }}
),

done_before as (
    select
        customer_key,
        action,
        max(decided_day) as last_day
    from decisions
    group by customer_key, action
),

offered as (
    select
        features.customer_key,
        catalogue.action,
        catalogue.channel,
        catalogue.cost,
        catalogue.cooldown_days,
        catalogue.is_unlisted,
        {{ worth_of_aim() }} as worth,
        catalogue.action = 'nothing' as is_nothing,
        coalesce(channels.customer_key is not null, false) as is_consented,
        coalesce(channels.is_reachable, false) as is_reachable,
        {{ action_rule('suppress_sql', 'false') }} as is_suppressed,
        {{ action_rule('eligible_sql', 'true') }} and
        {% for fact in action_facts() -%}
        coalesce(features.{{ fact }} >= catalogue.min_{{ fact }}, catalogue.min_{{ fact }} is null)
        and coalesce(features.{{ fact }} <= catalogue.max_{{ fact }}, catalogue.max_{{ fact }} is null)
        {{- " and " if not loop.last else " as is_eligible" }}
        {% endfor %}
    from features
    cross join catalogue
    left join channels
        on features.customer_key = channels.customer_key
        and catalogue.channel = channels.channel
        and catalogue.purpose = channels.purpose
),

gated as (
    select
        offered.customer_key,
        offered.action,
        offered.channel,
        offered.cost,
        offered.worth,
        case
            when offered.is_nothing then null
            when not offered.is_consented then 'consent'
            when not offered.is_reachable or offered.is_suppressed or contact_state.is_gone or contact_state.high_priority_open > 0
                then 'suppression'
            when offered.is_unlisted or not offered.is_eligible then 'eligibility'
            when contact_state.is_cooling_down
                or coalesce({{ days_between('done_before.last_day', as_of_date()) }} < offered.cooldown_days, false)
                then 'cooldown'
            when contact_state.contacts_30d >= {{ var('max_contacts_per_30_days') }} then 'pressure'
        end as gate_removed_by,
        {{ is_held_out('offered.customer_key') }} as is_holdout
    from offered
    inner join contact_state on offered.customer_key = contact_state.customer_key
    left join done_before on offered.customer_key = done_before.customer_key and offered.action = done_before.action
)

select * from gated
