-- Tonight, and up to six past days whose label window is over. Windows do not overlap where the history is long enough;
-- where it is short they may, so that a young company still gets several cut-offs to be judged on.
{% set first_index = ((var('churn_horizon_days') | int + 29) // 30) %}
with activity as (
    select * from {{ ref('int_activity_spells') }}
),

history as (
    select coalesce(max({{ bucket_of('first_day') }}), 0) as buckets
    from activity
),

spacing as (
    select
        -- the oldest cut-off keeps three buckets of history of its own
        greatest(buckets - 3, {{ first_index }}) as last_index,
        greatest(1, least({{ first_index }}, cast(floor((buckets - 3 - {{ first_index }}) / 5.0) as integer))) as step
    from history
),

indexes as (
    select 0 as cutoff_index
    {% for n in range(6) %}
    union all
    select {{ first_index }} + {{ n }} * step as cutoff_index
    from spacing
    where {{ first_index }} + {{ n }} * step <= last_index
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
        {{ days_between('cutoff_date', as_of_date()) }} >= {{ var('churn_horizon_days') }} as is_mature
    from dated
)

select * from matured
