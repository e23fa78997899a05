-- Support tickets under the persistent customer key.
with tickets as (
    select * from {{ canonical('crm_tickets') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'crm'
),

identified as (
    select
        tickets.source_name,
        tickets.ticket_id,
        identities.customer_key,
        tickets.opened_at,
        tickets.first_replied_at,
        tickets.solved_at,
        tickets.status,
        tickets.priority,
        tickets.channel,
        tickets.topic,
        tickets.text
    from tickets
    left join identities
        on tickets.source_name = identities.source_name
        and tickets.customer_id = identities.source_customer_id
)

select * from identified
