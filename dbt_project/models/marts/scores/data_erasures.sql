with amounts as (
    select * from {{ source('ops', 'erased_amounts') }}
),

published as (
    select
        month,
        measure,
        cast(amount as decimal(28, 6)) as amount,
        {{ as_of_date() }} as as_of_date
    from amounts
)

select * from published
