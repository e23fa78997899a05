-- What did each contact, as one record of a CRM, last say about a channel and purpose?
{{ config(materialized='view') }}
with statements as (
    select * from {{ canonical('crm_consents') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'crm'
),

spoken as (
    select
        identities.customer_key,
        statements.source_name,
        statements.customer_id as source_customer_id,
        statements.channel,
        statements.purpose,
        statements.status = 'granted' as is_granted,
        statements.recorded_at
    from statements
    inner join identities
        on statements.source_name = identities.source_name
        and statements.customer_id = identities.source_customer_id
    qualify row_number() over (
        partition by statements.source_name, statements.customer_id, statements.channel, statements.purpose
        order by statements.recorded_at desc, case when statements.status = 'granted' then 1 else 0 end
    ) = 1
)

select * from spoken
