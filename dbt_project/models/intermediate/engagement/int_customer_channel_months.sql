-- What happened between us and a customer on a channel in a month; opens and clicks counted once per message.
{{ renewed('customers', months=true) }}
with all_days as {{ inlined() }} (
    select
        *,
        {{ month_of('day') }} as month
    from {{ ref('int_interactions_daily') }}
),

daily as {{ inlined() }} (
    select *
    from all_days
    {%- if continues() %}
    where month = {{ as_of_month() }} or customer_key in (select customer_key from {{ ref('int_touched_customers') }})
    {%- endif %}
),

customer_months as (
    select * from {{ ref('int_customer_months') }}
),

reporting as (
    {{ delivery_reporting('all_days') }}
),

-- a message is a customer (of a company a contact) and a campaign in a month; where the campaign is not known, a customer and a day
messages as (
    select distinct customer_key, contact, month, channel, kind, source_name, coalesce(campaign_id, day::{{ dbt.type_string() }}) as message
    from daily
    where kind in ('opened', 'clicked')
),

unique_events as (
    select
        customer_key,
        month,
        channel,
        count_if(kind = 'opened')::bigint as unique_opens,
        count_if(kind = 'clicked')::bigint as unique_clicks
    from messages
    group by 1, 2, 3
),

summed as (
    select
        daily.customer_key,
        daily.month,
        daily.channel,
        sum(daily.interactions)::bigint as interactions,
        {% for kind in ['sent', 'delivered', 'bounced', 'unsubscribed', 'complained'] -%}
        sum(case when daily.kind = '{{ kind }}' then daily.interactions else 0 end)::bigint as {{ kind }},
        {% endfor -%}
        sum({{ presumed_delivered('daily', 'reporting') }})::bigint as presumed_delivered,
        -- something that was only sent has reached somebody unless it came back
        sum(case when daily.kind not in ('sent', 'bounced') then daily.interactions else 0 end)::bigint as arrived
    from daily
    inner join reporting
        on daily.source_name = reporting.source_name
        and daily.channel = reporting.channel
    group by 1, 2, 3
),

described as (
    select
        summed.customer_key,
        summed.month,
        summed.channel,
        coalesce(customer_months.is_active, false) as is_active,
        summed.interactions,
        summed.sent,
        summed.delivered + greatest(summed.presumed_delivered, 0) as delivered,
        summed.bounced,
        coalesce(unique_events.unique_opens, 0) as unique_opens,
        coalesce(unique_events.unique_clicks, 0) as unique_clicks,
        summed.unsubscribed as unsubscribes,
        summed.complained as complaints,
        summed.arrived > 0 or summed.sent > summed.bounced as is_reached
    from summed
    left join unique_events
        on summed.customer_key is not distinct from unique_events.customer_key
        and summed.month = unique_events.month
        and summed.channel = unique_events.channel
    left join customer_months
        on summed.customer_key = customer_months.customer_key
        and summed.month = customer_months.month
)

select * from described
