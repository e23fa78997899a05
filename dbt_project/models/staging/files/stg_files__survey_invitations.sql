{{ renewed('rows', table='survey_invitations') }}
with
newest as (
    {{ newest_versions('survey_invitations') }}
),

conformed as (
    select
        newest._source as source_name,
        newest.invitation_id,
        {{ filled('newest.customer_id') }} as customer_id,
        lower({{ filled('newest.email') }}) as email,
        newest.survey_id,
        newest.sent_at,
        newest.channel
    from newest
)

select * from conformed
