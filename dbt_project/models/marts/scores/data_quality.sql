with results as (
    select * from {{ source('ops', 'check_results') }}
),

published as (
    select
        as_of_date,
        run_id,
        suite,
        expectation,
        table_name,
        status,
        success,
        observed,
        unexpected_count,
        severity,
        description
    from results
)

select * from published
