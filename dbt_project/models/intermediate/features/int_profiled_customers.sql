-- Who may be scored: withdrawing consent to profiling on any channel is an objection to all of it.
with customers as (
    select * from {{ ref('int_customers') }}
),

consents as (
    select * from {{ ref('int_consents') }}
),

objections as (
    select distinct customer_key
    from consents
    where purpose = 'profiling' and not is_granted
),

profiled as (
    select customers.customer_key
    from customers
    left join objections using (customer_key)
    where objections.customer_key is null and not customers.is_erased
)

select * from profiled
