-- The id by which the outside knows a customer: the CRM's; the billing system's for whom no CRM knows. Two CRMs that count from 1 use
-- the same ids for different people: then the source is part of the id, or one of them would receive the scores of the other.
with customers as (
    select * from {{ ref('int_customers') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type in ('crm', 'billing') and coalesce(matched_by, '') <> 'named_elsewhere'
),

ranked as (
    select
        identities.customer_key,
        identities.source_name,
        identities.source_customer_id,
        row_number() over (
            partition by identities.customer_key
            order by
                case when identities.record_type = 'crm' then 0 else 1 end,
                case when identities.source_customer_id = customers.primary_source_id then 0 else 1 end,
                identities.source_name,
                identities.source_customer_id
        ) as choice
    from identities
    inner join customers on identities.customer_key = customers.customer_key
),

chosen as (
    select
        customer_key,
        source_name,
        source_customer_id,
        count(*) over (partition by source_customer_id) as holders
    from ranked
    where choice = 1
),

told_apart as (
    select
        customer_key,
        source_name,
        case when holders > 1 then source_name || ':' || source_customer_id else source_customer_id end as external_id
    from chosen
)

select * from told_apart
