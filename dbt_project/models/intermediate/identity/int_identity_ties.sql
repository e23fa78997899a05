-- What records have in common, and from when until when; whether that makes them one customer is decided after this (int_identity_links).
-- Records that share a `link` at the same time are tied. Links that only one record ever had are left out.
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
),

held as (
    select seniority, matched_by, link, valid_from, valid_to from {{ ref('int_identity_statements') }}
    union all
    select seniority, 'email' as matched_by, 'email:' || email_key as link, valid_from, valid_to from versions where email_key is not null
    union all
    select seniority, 'phone' as matched_by, 'phone:' || phone_key as link, valid_from, valid_to from versions where phone_key is not null
    union all
    select seniority, 'company' as matched_by, 'company:' || company_code as link, valid_from, valid_to
    from versions
    where company_code is not null and '{{ var("customer_level") }}' = 'company'
),

common as (
    select *
    from held
    qualify min(seniority) over (partition by link) <> max(seniority) over (partition by link)
),

-- A version that changes something else goes on holding the link.
stretches as (
    select
        *,
        sum(is_new) over (partition by seniority, link order by valid_from rows unbounded preceding) as stretch
    from (
        select
            *,
            case when valid_from = lag(valid_to) over (partition by seniority, link order by valid_from) then 0 else 1 end as is_new
        from common
    ) as followed
),

ties as (
    select
        seniority,
        matched_by,
        link,
        min(valid_from) as valid_from,
        case when count(*) = count(valid_to) then max(valid_to) end as valid_to
    from stretches
    group by seniority, matched_by, link, stretch
)

select * from ties
