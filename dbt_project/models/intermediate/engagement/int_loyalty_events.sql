-- Events of the loyalty programme with their customer, and what each says of membership.
with events as (
    select * from {{ canonical('crm_loyalty_events') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'crm'
),

-- whoever earns or redeems takes part, also where joining itself was never recorded; an expiry says nothing
identified as (
    select
        events.source_name,
        events.loyalty_event_id,
        identities.customer_key,
        {{ month_of('events.occurred_at') }} as month,
        events.occurred_at,
        events.kind,
        abs(events.points) as points,
        case when events.kind = 'left' then 0 when events.kind <> 'expired' then 1 end as is_member
    from events
    inner join identities
        on events.source_name = identities.source_name
        and events.customer_id = identities.source_customer_id
)

select * from identified
