{{ renewed('rows', table='crm_actions') }}
with
newest as (
    {{ newest_versions('crm_actions') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

-- A cost that names no currency is in the reporting one, and counted in its minor units.
conformed as (
    select
        newest._source as source_name,
        newest.action_id,
        newest.customer_id,
        newest.action,
        newest.decided_at,
        newest.propensity,
        newest.policy_version,
        newest.is_holdout,
        {{ to_whole_minor('newest.cost_amount', 'currencies.exponent') }} as cost_minor,
        coalesce(upper({{ filled('newest.currency') }}), '{{ var("reporting_currency") }}') as currency
    from newest
    left join currencies on currencies.currency = coalesce(upper({{ filled('newest.currency') }}), '{{ var("reporting_currency") }}')
)

select * from conformed
