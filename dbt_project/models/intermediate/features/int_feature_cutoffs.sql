-- Tonight, and up to six past days of the grid whose label window is over. All that is past is counted from the newest of them, so that
-- the cut-offs stay the same until it moves, once in 30 days. Windows do not overlap where the history is long enough; where it is short
-- they may, so that a young company still gets several cut-offs to be judged on.
{% set horizon = var('churn_horizon_days') | int %}
{% set newest_day = grid_day('cast(' ~ add_days(as_of_date(), -horizon) ~ ' as date)') %}
with activity as (
    select * from {{ ref('int_activity_spells') }}
),

history as (
    select
        cast({{ days_between(newest_day, newest_grid_day()) }} / 30 as integer) as newest_period,
        coalesce(max(cast(floor({{ days_between('first_day', newest_day) }} / 30.0) as integer)), 0) as periods
    from activity
),

spacing as (
    select
        newest_period,
        -- the oldest cut-off keeps three periods of history of its own
        greatest(periods - 3, 0) as most,
        greatest(1, least({{ (horizon + 29) // 30 }}, cast(floor((periods - 3) / 5.0) as integer))) as step
    from history
),

indexes as (
    select 0 as cutoff_index
    {% for n in range(6) %}
    union all
    select 2 * (newest_period + {{ n }} * step) + 1 as cutoff_index
    from spacing
    where {{ n }} * step <= most
    {% endfor %}
),

dated as (
    select
        cutoff_index,
        {{ cutoff_day('cutoff_index') }} as cutoff_date,
        cutoff_index = 0 as is_tonight
    from indexes
),

matured as (
    select
        cutoff_index,
        cutoff_date,
        cast({{ add_days('cutoff_date', var('churn_horizon_days')) }} as date) as label_date,
        is_tonight,
        {{ days_between('cutoff_date', as_of_date()) }} >= {{ horizon }} as is_mature
    from dated
)

select * from matured
