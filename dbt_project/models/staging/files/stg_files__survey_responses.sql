{{ renewed('rows', table='survey_responses') }}
with
newest as (
    {{ newest_versions('survey_responses') }}
),

conformed as (
    select
        newest._source as source_name,
        newest.response_id,
        {{ filled('newest.customer_id') }} as customer_id,
        lower({{ filled('newest.email') }}) as email,
        newest.survey_id,
        newest.metric,
        newest.score,
        newest.scale_min,
        newest.scale_max,
        newest.responded_at,
        newest.sent_at,
        newest.channel,
        newest.touchpoint,
        newest.comment,
        newest.language
    from newest
)

select * from conformed
