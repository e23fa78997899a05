-- Days up to the build to continue whose exchange rate is not the one it converted with.
{%- if continues() %}
with
rates as (
    select * from {{ ref('int_exchange_rates_daily') }} where day <= cast('{{ var("built_as_of") }}' as date)
),

built as (
    select * from {{ source('ops', 'built_rates') }}
),

compared as (
    select
        coalesce(rates.currency, built.currency) as currency,
        coalesce(rates.day, built.day) as day
    from rates
    full outer join built
        on built.currency = rates.currency
        and built.day = rates.day
    where rates.rate is distinct from built.rate
)

select * from compared
{%- else %}
-- depends_on: {{ source('ops', 'built_rates') }}
select currency, day from {{ ref('int_exchange_rates_daily') }} where false
{%- endif %}
