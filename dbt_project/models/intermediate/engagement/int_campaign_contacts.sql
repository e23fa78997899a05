-- When a campaign reached a customer, by day: what an order can be credited to, and what a held-out customer should not have got.
{{ renewed('customers') }}
with all_days as {{ inlined() }} (
    select * from {{ ref('int_interactions_daily') }}
),

daily as {{ inlined() }} (
    select *
    from all_days
    where campaign_id is not null and customer_key is not null
    {%- if continues() %}
        and customer_key in (select customer_key from {{ ref('int_touched_customers') }})
    {%- endif %}
),

reporting as (
    {{ delivery_reporting('all_days') }}
),

-- opens are no contacts: proxies fetch pictures nobody sees
weighed as (
    select
        daily.*,
        {{ presumed_delivered('daily', 'reporting') }} as presumed_delivered,
        daily.kind not in ('sent', 'bounced', 'opened', 'unsubscribed', 'complained') as is_contact,
        max(case when daily.kind = 'sent' then daily.day end) over (
            partition by daily.customer_key, daily.contact, daily.source_name, daily.campaign_id, daily.channel order by daily.day
        ) as sent_day
    from daily
    left join reporting
        on daily.source_name = reporting.source_name
        and daily.channel = reporting.channel
),

-- a mail server may try for days: what comes back takes its message off the day on which it was sent
messages as (
    select
        customer_key,
        contact,
        source_name,
        campaign_id,
        channel,
        case when kind = 'bounced' then coalesce(sent_day, day) else day end as day,
        min(case when is_contact or presumed_delivered > 0 then first_at end) as first_at,
        max(case when is_contact or presumed_delivered > 0 then last_at end) as last_at
    from weighed
    group by 1, 2, 3, 4, 5, 6
    having bool_or(is_contact) or sum(presumed_delivered) > 0
),

contacts as (
    select
        customer_key,
        source_name,
        campaign_id,
        day,
        min(first_at) as first_at,
        max(last_at) as last_at
    from messages
    group by 1, 2, 3, 4
)

select * from contacts
