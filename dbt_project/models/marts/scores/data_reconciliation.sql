with reconciled as (
    select * from {{ ref('int_reconciliation') }}
),

published as (
    select
        table_name,
        cast(landed as bigint) as landed,
        cast(staged as bigint) as staged,
        cast(deduplicated as bigint) as deduplicated,
        cast(quarantined as bigint) as quarantined,
        cast(after_as_of as bigint) as after_as_of,
        {{ as_of_date() }} as as_of_date
    from reconciled
)

select * from published
