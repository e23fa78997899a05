-- start + new + reactivated − churned = end on every row; the formula of retention equals its set version; gross retention is at most 1.
select *
from {{ ref('metric_retention_monthly') }}
where customers_at_start + customers_new + customers_reactivated - customers_churned <> customers_at_end
    or customers_retained + customers_churned <> customers_at_start
    or crr_formula is distinct from customer_retention_rate
    or gross_revenue_retention > 1
    or (customers_at_start = 0) <> (customer_retention_rate is null)
