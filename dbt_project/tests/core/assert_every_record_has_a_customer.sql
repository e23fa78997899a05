-- Every staged record of a person maps to a customer, and every customer has a record.
with records as (
    select count(*) as staged from {{ canonical('crm_customers') }}
    union all
    select count(*) as staged from {{ canonical('billing_customers') }}
),

identities as (
    select count(*) as identified, count(distinct customer_key) as customers from {{ ref('int_customer_identities') }}
    where matched_by <> 'named_elsewhere'
),

described as (
    select count(*) as customers from {{ ref('int_customers') }}
),

totals as (
    select coalesce(sum(staged), 0) as staged from records
)

select *
from totals
cross join identities
cross join described
where totals.staged <> identities.identified or identities.customers <> described.customers
