{{ renewed('rows', table='crm_interactions') }}
with
newest as (
    {{ newest_versions('crm_interactions') }}
),

conformed as (
    select
        newest._source as source_name,
        newest.interaction_id,
        newest.customer_id,
        newest.occurred_at,
        newest.channel,
        newest.kind,
        newest.direction,
        {{ filled('newest.campaign_id') }} as campaign_id,
        newest.quantity,
        newest.text
    from newest
)

select * from conformed
