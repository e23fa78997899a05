-- The as-of month leaves every stage with the customers whom dim_customers holds in it.
with told as (
    select to_stage as lifecycle_stage, stage_customers_at_end as customers
    from {{ ref('metric_lifecycle_monthly') }}
    where month = {{ as_of_month() }} and from_stage = to_stage
),

standing as (
    select lifecycle_stage, count(*) as customers from {{ ref('dim_customers') }} group by lifecycle_stage
)

select coalesce(told.lifecycle_stage, standing.lifecycle_stage) as lifecycle_stage, told.customers, standing.customers as standing_tonight
from told
full outer join standing on standing.lifecycle_stage = told.lifecycle_stage
where coalesce(told.customers, 0) <> coalesce(standing.customers, 0)
