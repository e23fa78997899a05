with runs as (
    select * from {{ source('ml', 'model_runs') }}
),

published as (
    select
        model,
        as_of_date,
        status,
        reason,
        candidate,
        model_version,
        trained_as_of,
        cast({{ days_between('trained_as_of', 'as_of_date') }} as integer) as age_days,
        metric,
        value,
        low,
        high
    from runs
)

select * from published
