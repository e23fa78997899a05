-- Records that share a `link` are one customer. Explicit statements of a source come first, then equal e-mails and phones.
with
records as (
    select * from {{ ref('int_identity_records') }}
),

crm as (
    select * from records where record_type = 'crm'
),

-- A billing system may know the customer of another source: the id must then be unique among all CRMs.
unique_ids as (
    select source_customer_id, min(seniority) as seniority
    from crm
    group by source_customer_id
    having count(*) = 1
),

merges as (
    select merged.seniority as seniority, survivor.seniority as other_seniority, 'merge' as matched_by
    from crm as merged
    inner join crm as survivor
        on survivor.source_name = merged.source_name
        and survivor.source_customer_id = merged.merged_into_customer_id
    where survivor.seniority <> merged.seniority
),

billing_links as (
    select
        billing.seniority as seniority,
        billing.source_name,
        billing.linked_customer_id,
        coalesce(same_source.seniority, unique_ids.seniority) as other_seniority,
        'billing_link' as matched_by
    from records as billing
    left join crm as same_source
        on same_source.source_name = billing.source_name
        and same_source.source_customer_id = billing.linked_customer_id
    left join unique_ids on unique_ids.source_customer_id = billing.linked_customer_id
    where billing.record_type = 'billing' and billing.linked_customer_id is not null
),

stated as (
    select seniority, other_seniority, matched_by from merges
    union all
    select seniority, other_seniority, matched_by from billing_links where other_seniority is not null
),

-- Records that name the same record of a CRM are one customer, also where that record itself was never handed over.
named as (
    select seniority, matched_by, 'crm:' || source_name || ':' || linked_customer_id as link
    from billing_links
    where other_seniority is null
    union all
    select crm.seniority, 'merge' as matched_by, 'crm:' || crm.source_name || ':' || crm.merged_into_customer_id as link
    from crm
    left join crm as survivor
        on survivor.source_name = crm.source_name
        and survivor.source_customer_id = crm.merged_into_customer_id
    where crm.merged_into_customer_id is not null and survivor.seniority is null
),

absent as (
    select * from named qualify count(*) over (partition by link) >= 2
),

-- A statement links two records: the pair is named by its two ends.
pairs as (
    select seniority, matched_by, matched_by || ':' || seniority || ':' || other_seniority as link from stated
    union all
    select other_seniority, matched_by, matched_by || ':' || seniority || ':' || other_seniority as link from stated
),

contacts as (
    select seniority, 'email' as matched_by, 'email:' || email as link from records where email is not null
    union all
    select seniority, 'phone' as matched_by, 'phone:' || phone_digits as link from records where phone_digits is not null
),

-- An e-mail or phone on many records is a shared mailbox or switchboard: it says nothing about who somebody is.
matches as (
    select *
    from contacts
    qualify count(*) over (partition by link) between 2 and {{ var('max_shared_contact_records') }}
),

companies as (
    select seniority, 'company' as matched_by, 'company:' || company_code as link
    from records
    where company_code is not null and '{{ var("customer_level") }}' = 'company'
),

links as (
    select seniority, matched_by, link from pairs
    union all
    select seniority, matched_by, link from absent
    union all
    select seniority, matched_by, link from matches
    union all
    select seniority, matched_by, link from companies
)

select * from links
