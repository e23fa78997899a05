{{ renewed('rows', table='crm_loyalty_events') }}
with
newest as (
    {{ newest_versions('crm_loyalty_events') }}
),

conformed as (
    select
        newest._source as source_name,
        newest.loyalty_event_id,
        newest.customer_id,
        newest.kind,
        newest.points,
        newest.occurred_at
    from newest
)

select * from conformed
