-- The days of everything that is measured: what a semantic layer counts along, and where a month without a row shows as a gap.
with
months as (
    select * from {{ ref('int_months') }}
),

days as (
    select
        {{ series_of('day', 'month', 'last_day') }} as day,
        month,
        is_complete
    from months
)

select * from days
