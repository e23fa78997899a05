with reconciled as (
    select * from {{ ref('int_reconciliation') }}
),

erased as (
    select table_name, sum(rows) as erased from {{ source('ops', 'erased_rows') }} group by table_name
),

published as (
    select
        reconciled.table_name,
        cast(landed as bigint) as landed,
        cast(staged as bigint) as staged,
        cast(deduplicated as bigint) as deduplicated,
        cast(quarantined as bigint) as quarantined,
        cast(after_as_of as bigint) as after_as_of,
        cast(coalesce(erased.erased, 0) as bigint) as erased,
        {{ as_of_date() }} as as_of_date
    from reconciled
    left join erased on erased.table_name = reconciled.table_name
)

select * from published
