-- What may be done for a customer: the catalogue (the company's own or the seed `actions`), and actions that only the log knows. Those take the channel of
-- their campaigns (without one they have no channel, nobody has consented to it, and they are never chosen) and cost what they cost in the mean. A company
-- that lists its actions does no others any more: what its log knows besides is learnt from and never chosen.
with catalogue as (
    {% if var('actions') %}
    {{ own_actions() }}
    {% else %}
    select
        *,
        case when action <> 'nothing' then 'retention' end as aims_at,
        cast(null as double) as worth_amount
    from {{ ref('actions') }}
    {% endif %}
),

actions as (
    select * from {{ canonical('crm_actions') }}
),

-- who was held out cost nothing
logged as (
    select
        actions.action,
        cast(sum(case when not coalesce(actions.is_holdout, false) then {{ to_reporting('actions.cost_minor') }} end) as double)
        / nullif(count(case when not coalesce(actions.is_holdout, false) then actions.cost_minor end), 0) as cost
    from actions
    {{ join_rate('actions.currency', 'cast(actions.decided_at as date)') }}
    group by actions.action
),

campaigns as (
    select * from {{ canonical('crm_campaigns') }}
),

currencies as (
    select * from {{ ref('int_exchange_rates_daily') }}
    where day = {{ as_of_date() }}
),

listed as (
    select
        catalogue.*,
        -- amounts without a currency are in the reporting currency
        catalogue.cost_amount * case when catalogue.currency is null then 1 else currencies.rate end as cost,
        catalogue.worth_amount * case when catalogue.currency is null then 1 else currencies.rate end as worth
    from catalogue
    left join currencies on catalogue.currency = currencies.currency
),

campaign_channels as (
    select
        action,
        min(channel) as channel
    from campaigns
    where action is not null
    group by action
),

unlisted as (
    select
        logged.action,
        logged.cost,
        campaign_channels.channel
    from logged
    left join catalogue using (action)
    left join campaign_channels using (action)
    where catalogue.action is null
),

combined as (
    select
        action,
        channel,
        purpose,
        cast(cost as double) as cost,
        aims_at,
        cast(worth as double) as worth,
        cooldown_days,
        currency,
        false as is_unlisted
        {%- for fact in action_facts() %},
        min_{{ fact }},
        max_{{ fact }}
        {%- endfor %}
    from listed
    union all
    select
        action,
        channel,
        'marketing',
        coalesce(cost, 0),
        'retention',
        cast(null as double),
        cast(null as double),
        cast(null as {{ dbt.type_string() }}),
        {{ 'true' if var('actions') else 'false' }}
        {%- for fact in action_facts() %},
        cast(null as double),
        cast(null as double)
        {%- endfor %}
    from unlisted
)

select * from combined
