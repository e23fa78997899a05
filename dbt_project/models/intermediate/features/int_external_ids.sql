-- The id by which the outside knows a customer: the CRM's; the billing system's for whom no CRM knows. Two CRMs that count from 1 use
-- the same ids for different people: then the source is part of the id, or one of them would receive the scores of the other.
with customers as (
    select * from {{ ref('int_customers') }}
),

chosen as (
    select
        customer_key,
        primary_source_name as source_name,
        primary_source_id as source_customer_id,
        count(*) over (partition by primary_source_id) as holders
    from customers
),

told_apart as (
    select
        customer_key,
        source_name,
        case when holders > 1 then source_name || ':' || source_customer_id else source_customer_id end as external_id
    from chosen
)

select * from told_apart
