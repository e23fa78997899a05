with freshness as (
    select * from {{ source('ops', 'source_freshness') }}
),

aged as (
    select
        source,
        table_name,
        landed_rows,
        last_landed_at,
        last_event_at,
        {{ as_of_date() }} as as_of_date,
        -- an event dated after the as-of day is not known yet; the data is then as fresh as it can be
        cast(
            case when last_event_at >= {{ as_of_end() }} then 0 else {{ days_between('last_event_at', as_of_date()) }} end as integer
        ) as days_behind,
        busy_days
    from freshness
)

select * from aged
