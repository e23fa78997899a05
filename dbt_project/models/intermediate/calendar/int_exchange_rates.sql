with
rates as (
    select * from {{ canonical('exchange_rates') }}
),

-- Several sources may state the rate of one day; the first source by name is believed, so that two runs agree.
stated as (
    select
        currency,
        rate_date as valid_from,
        cast(rate_to_reporting as double) as rate
    from rates
    where currency <> '{{ var("reporting_currency") }}' and rate_to_reporting > 0
    qualify row_number() over (partition by currency, rate_date order by source_name) = 1
),

dated as (
    select
        currency,
        valid_from,
        lead(valid_from) over (partition by currency order by valid_from) as valid_to,
        rate
    from stated
),

with_reporting as (
    select * from dated
    union all
    select
        '{{ var("reporting_currency") }}' as currency,
        cast('0001-01-01' as date) as valid_from,
        cast(null as date) as valid_to,
        cast(1 as double) as rate
)

select * from with_reporting
