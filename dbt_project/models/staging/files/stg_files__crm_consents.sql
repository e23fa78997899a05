{{ renewed('rows', table='crm_consents') }}
with
newest as (
    {{ newest_versions('crm_consents') }}
),

conformed as (
    select
        newest._source as source_name,
        newest.customer_id,
        newest.channel,
        newest.purpose,
        newest.status,
        newest.recorded_at,
        newest.origin
    from newest
)

select * from conformed
