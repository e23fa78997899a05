-- Every record of a person or company, with its contacts of now. `seniority` is its place by first landing over all sources, records of one
-- load by age: the most senior record of a customer gives the customer its key, and what lands later is never more senior, however old it says it is.
with
landed as (
    select * from {{ ref('int_identity_landed') }}
),

versions as (
    select * from {{ ref('int_identity_versions') }}
),

first_seen as (
    select source_name, record_type, source_customer_id, first_known_at, load_id, created_at
    from landed
    qualify row_number() over (
        partition by source_name, record_type, source_customer_id
        order by first_known_at nulls last, load_id, created_at nulls last, row_number
    ) = 1
),

records as (
    select
        first_seen.source_name,
        first_seen.record_type,
        first_seen.source_customer_id,
        versions.existed_from,
        versions.email_key,
        versions.phone_key,
        row_number() over (
            order by
                first_seen.first_known_at nulls last,
                first_seen.load_id,
                first_seen.created_at nulls last,
                case first_seen.record_type when 'crm' then 1 else 2 end,
                first_seen.source_name,
                first_seen.source_customer_id
        ) as seniority
    from first_seen
    inner join versions
        on versions.source_name = first_seen.source_name
        and versions.record_type = first_seen.record_type
        and versions.source_customer_id = first_seen.source_customer_id
        and versions.valid_to is null
)

select * from records
