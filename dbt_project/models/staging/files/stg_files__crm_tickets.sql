{{ renewed('rows', table='crm_tickets') }}
with
newest as (
    {{ newest_versions('crm_tickets') }}
),

conformed as (
    select
        newest._source as source_name,
        newest.ticket_id,
        newest.customer_id,
        newest.opened_at,
        {{ known('newest.first_replied_at') }} as first_replied_at,
        {{ known('newest.solved_at') }} as solved_at,
        newest.status,
        newest.priority,
        newest.channel,
        newest.topic,
        newest.text
    from newest
)

select * from conformed
