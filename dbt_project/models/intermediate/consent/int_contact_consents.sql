-- What did each contact, as one record of a CRM, last say about a channel and purpose?
{{ config(materialized='view') }}
with statements as (
    select * from {{ canonical('crm_consents') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'crm'
),

-- What a system without customers of its own was told is said by the contact of the CRM that it names.
hosts as (
    select * from identities
    where coalesce(matched_by, '') <> 'named_elsewhere'
),

pooled as (
    select
        identities.customer_key,
        hosts.source_name,
        statements.customer_id as source_customer_id,
        statements.channel,
        statements.purpose,
        statements.status = 'granted' as is_granted,
        statements.recorded_at
    from statements
    inner join identities
        on statements.source_name = identities.source_name
        and statements.customer_id = identities.source_customer_id
    inner join hosts
        on identities.source_customer_id = hosts.source_customer_id
        and (identities.source_name = hosts.source_name or identities.matched_by = 'named_elsewhere')
),

spoken as (
    select *
    from pooled
    qualify row_number() over (
        partition by source_name, source_customer_id, channel, purpose
        order by recorded_at desc, case when is_granted then 1 else 0 end
    ) = 1
)

select * from spoken
