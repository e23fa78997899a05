-- Every landed version of a record of a person or company that counts by the as-of day, with what it says of who that is, in one spelling.
-- `first_known_at`: when the record can have been seen first. `is_withdrawn`: the source has taken this version back.
with
calling_codes as (
    select * from {{ ref('calling_codes') }}
),

crm as (
    {{ accepted_rows('crm_customers') }}
),

billing as (
    {{ accepted_rows('billing_customers') }}
),

vanished as (
    select _source as source_name, 'crm' as record_type, customer_id as source_customer_id, vanished_in
    from ({{ vanished_keys('crm_customers') }}) as vanished_crm
    union all
    select _source as source_name, 'billing' as record_type, billing_customer_id as source_customer_id, vanished_in
    from ({{ vanished_keys('billing_customers') }}) as vanished_billing
),

landed as (
    select
        _source as source_name,
        'crm' as record_type,
        customer_id as source_customer_id,
        _load_id as load_id,
        _row_number as row_number,
        created_at,
        updated_at,
        email,
        phone,
        upper(trim(country)) as country,
        company_name,
        cast(null as {{ dbt.type_string() }}) as linked_customer_id,
        merged_into_customer_id
    from crm
    union all
    select
        _source as source_name,
        'billing' as record_type,
        billing_customer_id as source_customer_id,
        _load_id as load_id,
        _row_number as row_number,
        created_at,
        cast(null as timestamp) as updated_at,
        email,
        cast(null as {{ dbt.type_string() }}) as phone,
        cast(null as {{ dbt.type_string() }}) as country,
        cast(null as {{ dbt.type_string() }}) as company_name,
        customer_id as linked_customer_id,
        cast(null as {{ dbt.type_string() }}) as merged_into_customer_id
    from billing
),

{{ with_phone_keys('landed') }},

said as (
    select
        phoned.source_name,
        phoned.record_type,
        phoned.source_customer_id,
        phoned.load_id,
        phoned.row_number,
        {{ landed_at('phoned.load_id') }} as landed_at,
        greatest({{ landed_at('phoned.load_id') }}, phoned.created_at) as first_known_at,
        phoned.created_at,
        phoned.updated_at,
        coalesce(vanished.vanished_in > phoned.load_id, false) as is_withdrawn,
        {{ email_key('phoned.email') }} as email_key,
        phoned.phone_key,
        lower({{ filled('phoned.company_name') }}) as company_code,
        {{ filled('phoned.linked_customer_id') }} as linked_customer_id,
        {{ filled('phoned.merged_into_customer_id') }} as merged_into_customer_id
    from phoned
    left join vanished
        on vanished.source_name = phoned.source_name
        and vanished.record_type = phoned.record_type
        and vanished.source_customer_id = phoned.source_customer_id
)

select * from said
