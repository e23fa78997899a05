-- One equality join finds a rate: a join on validity periods would compare every amount with every rate of its currency.
with
rates as (
    select * from {{ ref('int_exchange_rates') }}
),

months as (
    select * from {{ ref('int_months') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

bounds as (
    select min(month) as first_day from months
),

spans as (
    select
        rates.currency,
        rates.rate,
        greatest(rates.valid_from, bounds.first_day) as first_day,
        least(coalesce(cast({{ add_days('rates.valid_to', -1) }} as date), {{ as_of_date() }}), {{ as_of_date() }}) as last_day
    from rates
    cross join bounds
),

days as (
    select
        currency,
        rate,
        {{ series_of('day', 'first_day', 'last_day') }} as day
    from spans
    where first_day <= last_day
),

with_exponent as (
    select
        days.currency,
        days.day,
        days.rate,
        power(10, coalesce(currencies.exponent, 2)) as minor_units
    from days
    left join currencies on currencies.currency = days.currency
)

select * from with_exponent
