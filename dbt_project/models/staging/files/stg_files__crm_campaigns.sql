{{ renewed('rows', table='crm_campaigns') }}
with
newest as (
    {{ newest_versions('crm_campaigns') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

-- A cost that names no currency is in the reporting one, and counted in its minor units.
conformed as (
    select
        newest._source as source_name,
        newest.campaign_id,
        newest.name,
        newest.channel,
        newest.action,
        {{ to_whole_minor('newest.cost_amount', 'currencies.exponent') }} as cost_minor,
        coalesce(upper({{ filled('newest.currency') }}), '{{ var("reporting_currency") }}') as currency,
        newest.started_at,
        {{ known('newest.ended_at') }} as ended_at
    from newest
    left join currencies on currencies.currency = coalesce(upper({{ filled('newest.currency') }}), '{{ var("reporting_currency") }}')
)

select * from conformed
