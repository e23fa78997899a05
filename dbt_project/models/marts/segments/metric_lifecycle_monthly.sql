with
months as (
    select * from {{ ref('int_months') }}
),

rules as (
    select * from {{ ref('lifecycle_rules') }}
),

moves as (
    select * from {{ ref('int_lifecycle_moves') }}
),

from_stages as (
    select lifecycle_stage from rules
    union all
    select 'not_yet_known' as lifecycle_stage
),

-- Every pair in every month since there are customers, so that what did not happen is a zero and every stage has its row.
filled as (
    select
        months.month,
        months.is_complete,
        from_stages.lifecycle_stage as from_stage,
        rules.lifecycle_stage as to_stage,
        from_stages.lifecycle_stage = rules.lifecycle_stage as is_same,
        cast(coalesce(moves.customers, 0) as bigint) as customers
    from months
    cross join from_stages
    cross join rules
    left join moves
        on moves.month = months.month
        and moves.from_stage = from_stages.lifecycle_stage
        and moves.to_stage = rules.lifecycle_stage
    where months.month >= (select min(first_moves.month) from moves as first_moves)
),

summed as (
    select
        *,
        cast(sum(customers) over (partition by month, from_stage) as bigint) as at_start,
        cast(sum(customers) over (partition by month, to_stage) as bigint) as at_end
    from filled
),

-- What is told of a stage stands on the row of who stayed in it, once, so that it can be added up.
told as (
    select
        month,
        from_stage,
        to_stage,
        customers,
        case when from_stage <> 'not_yet_known' then cast(customers as double) / nullif(at_start, 0) end as transition_rate,
        case when is_same then at_start end as stage_customers_at_start,
        case when is_same then at_end - customers end as stage_customers_in,
        case when is_same then at_start - customers end as stage_customers_out,
        case when is_same then at_end end as stage_customers_at_end,
        is_complete
    from summed
)

select * from told
