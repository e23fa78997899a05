-- The version that counts now is the one that staging chose: who is who follows the same rows as all other attributes.
with staged as (
    select source_name, 'crm' as record_type, customer_id as source_customer_id, {{ email_key('email') }} as email_key,
        merged_into_customer_id as stated_id
    from {{ canonical('crm_customers') }}
    union all
    select source_name, 'billing', billing_customer_id, {{ email_key('email') }}, customer_id
    from {{ canonical('billing_customers') }}
)

select staged.*
from staged
left join {{ ref('int_identity_versions') }} as versions
    on versions.source_name = staged.source_name
    and versions.record_type = staged.record_type
    and versions.source_customer_id = staged.source_customer_id
    and versions.valid_to is null
where versions.source_name is null
    or versions.email_key is distinct from staged.email_key
    or coalesce(versions.merged_into_customer_id, versions.linked_customer_id) is distinct from staged.stated_id
