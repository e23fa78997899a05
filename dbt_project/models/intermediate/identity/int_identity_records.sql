-- `seniority` is the place of a record by age over all sources. The oldest record of a customer gives the customer its key, and a
-- record made later can never be older: a new match extends a customer, it does not rename one.
with
crm as (
    select * from {{ canonical('crm_customers') }}
),

billing as (
    select * from {{ canonical('billing_customers') }}
),

records as (
    select
        source_name,
        'crm' as record_type,
        customer_id as source_customer_id,
        created_at,
        deleted_at,
        email,
        phone,
        company_name,
        cast(null as {{ dbt.type_string() }}) as linked_customer_id,
        merged_into_customer_id
    from crm
    union all
    select
        source_name,
        'billing' as record_type,
        billing_customer_id as source_customer_id,
        created_at,
        deleted_at,
        email,
        cast(null as {{ dbt.type_string() }}) as phone,
        cast(null as {{ dbt.type_string() }}) as company_name,
        customer_id as linked_customer_id,
        cast(null as {{ dbt.type_string() }}) as merged_into_customer_id
    from billing
),

-- International prefix 00 and + are one; fewer than seven digits is an extension or a stopgap, never a person.
normalised as (
    select
        *,
        case
            when length({{ digits_of('phone') }}) < 7 then null
            when {{ digits_of('phone') }} like '00%' then nullif(regexp_replace({{ digits_of('phone') }}, '^0+', ''), '')
            else {{ digits_of('phone') }}
        end as phone_digits,
        lower(company_name) as company_code
    from records
),

ranked as (
    select
        *,
        row_number() over (
            order by
                created_at nulls last,
                case record_type when 'crm' then 1 else 2 end,
                source_name,
                source_customer_id
        ) as seniority
    from normalised
)

select * from ranked
