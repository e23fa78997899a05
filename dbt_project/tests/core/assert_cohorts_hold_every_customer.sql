-- The cohorts together are everybody who was ever active.
with cohorts as (
    select coalesce(sum(cohort_size), 0) as customers
    from {{ ref('metric_cohort_retention') }}
    where basis = 'customers' and months_since = 0
),

active as (
    select count(distinct customer_key) as customers from {{ ref('int_customer_months') }}
)

select cohorts.customers, active.customers as ever_active
from cohorts
cross join active
where cohorts.customers <> active.customers
