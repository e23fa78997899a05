-- What the sources themselves state: merges in a CRM, the CRM's customer that a billing system names. Records that share a `link` at the same
-- time are tied.
with
records as (
    select * from {{ ref('int_identity_records') }}
),

versions as (
    select records.seniority, versions.*
    from {{ ref('int_identity_versions') }} as versions
    inner join records
        on records.source_name = versions.source_name
        and records.record_type = versions.record_type
        and records.source_customer_id = versions.source_customer_id
    where coalesce(versions.merged_into_customer_id, versions.linked_customer_id) is not null
),

crm as (
    select * from records where record_type = 'crm'
),

-- Every record that names a CRM's record is tied to it, and so to all others that name it, also when that one was never handed over.
named as (
    select
        seniority,
        source_name,
        case record_type when 'crm' then 'merge' else 'billing_link' end as matched_by,
        case record_type when 'crm' then merged_into_customer_id else linked_customer_id end as named_id,
        case record_type when 'crm' then source_customer_id end as own_id,
        valid_from,
        valid_to
    from versions
),

-- A billing system may know the customer of another source: the id must then be unique among all CRMs, and counts as long as it is.
unique_ids as (
    select source_name, source_customer_id, existed_from, second_from
    from (
        select
            *,
            lead(existed_from) over (partition by source_customer_id order by existed_from, seniority) as second_from,
            row_number() over (partition by source_customer_id order by existed_from, seniority) as place
        from crm
    ) as holders
    where place = 1
),

statements as (
    select seniority, matched_by, 'crm:' || source_name || ':' || named_id as link, valid_from, valid_to
    from named
    where named_id is distinct from own_id
    union all
    select
        named.seniority,
        named.matched_by,
        'crm:' || unique_ids.source_name || ':' || named.named_id as link,
        greatest(named.valid_from, unique_ids.existed_from) as valid_from,
        least(named.valid_to, unique_ids.second_from) as valid_to
    from named
    inner join unique_ids
        on unique_ids.source_customer_id = named.named_id
        and unique_ids.source_name <> named.source_name
        and (named.valid_to is null or unique_ids.existed_from < named.valid_to)
        and (unique_ids.second_from is null or greatest(named.valid_from, unique_ids.existed_from) < unique_ids.second_from)
    where named.matched_by = 'billing_link'
),

-- Why it is tied is what those who name it state, at each time: `named` stands for that.
named_records as (
    select crm.seniority, 'named' as matched_by, statements.link, crm.existed_from as valid_from, cast(null as timestamp) as valid_to
    from (select distinct link from statements) as statements
    inner join crm on 'crm:' || crm.source_name || ':' || crm.source_customer_id = statements.link
),

-- An id that very many name and nobody has is how an export writes nobody: 0, unknown.
nobodies as (
    select statements.link
    from statements
    left join named_records on named_records.link = statements.link
    where named_records.link is null
    group by statements.link
    having count(distinct statements.seniority) > {{ var('max_records_per_customer') }}
),

stated as (
    select statements.seniority, statements.matched_by, statements.link, statements.valid_from, statements.valid_to
    from statements
    left join nobodies on nobodies.link = statements.link
    where nobodies.link is null
    union all
    select seniority, matched_by, link, valid_from, valid_to from named_records
)

select * from stated
