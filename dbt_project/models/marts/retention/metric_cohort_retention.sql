with
customer_months as (
    select * from {{ ref('int_customer_months') }}
),

measured as (
    select
        cohort_month,
        cast({{ months_between('cohort_month', 'month') }} as integer) as months_since,
        bool_and(is_complete) as is_complete,
        cast(count_if(is_active) as double) as customers,
        cast(sum(revenue) as double) as revenue
    from customer_months
    group by cohort_month, cast({{ months_between('cohort_month', 'month') }} as integer)
),

by_basis as (
    select cohort_month, months_since, is_complete, 'customers' as basis, customers as measure from measured
    union all
    select cohort_month, months_since, is_complete, 'revenue' as basis, revenue as measure from measured
),

sized as (
    select *, max(case when months_since = 0 then measure end) over (partition by cohort_month, basis) as cohort_size from by_basis
),

-- A month that is not over has no retention yet: NULL. Nobody left is 0.
rated as (
    select
        cohort_month,
        months_since,
        basis,
        cohort_size,
        case when is_complete then measure end as retained,
        case when is_complete then measure / nullif(cohort_size, 0) end as retention_rate,
        is_complete
    from sized
)

select * from rated
