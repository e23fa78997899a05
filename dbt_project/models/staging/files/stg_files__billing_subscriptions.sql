{{ renewed('rows', table='billing_subscriptions') }}
with
newest as (
    {{ newest_versions('billing_subscriptions') }}
),

accounts as (
    select * from {{ ref('stg_files__billing_customers') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

-- An amount whose currency is stated nowhere is in the reporting currency; one stated but unknown fails the test of rates.
priced as (
    select
        newest.*,
        coalesce(upper({{ filled('newest.currency') }}), accounts.currency, '{{ var("reporting_currency") }}') as stated_currency
    from newest
    left join accounts
        on accounts.source_name = newest._source
        and accounts.billing_customer_id = newest.billing_customer_id
),

-- A subscription cancelled after the as-of day was still running on it; where nobody says when it ended, the request says since when.
conformed as (
    select
        priced._source as source_name,
        priced.subscription_id,
        priced.billing_customer_id,
        case
            when lower(trim(priced.status)) in ('canceled', 'cancelled', 'ended', 'expired')
                and coalesce(priced.ended_at, priced.cancel_requested_at) >= {{ as_of_end() }} then 'active'
            else lower(trim(priced.status))
        end as status,
        priced.started_at,
        priced.trial_ends_at,
        {{ known('priced.cancel_requested_at') }} as cancel_requested_at,
        {{ known('priced.ended_at') }} as ended_at,
        {{ filled('priced.cancellation_reason') }} as cancellation_reason,
        {{ filled('priced.plan') }} as plan,
        priced.quantity,
        cast(coalesce(priced.unit_minor, {{ to_minor('priced.unit_amount', 'currencies.exponent') }}) as decimal(28, 8)) as unit_minor,
        priced.stated_currency as currency,
        priced.interval,
        priced.interval_count,
        priced.discount_percent
    from priced
    left join currencies on currencies.currency = priced.stated_currency
)

select * from conformed
