with
records as (
    select * from {{ ref('int_identity_records') }}
),

links as (
    select * from {{ ref('int_identity_links') }}
),

components as (
    select seniority, min(label) as eldest from {{ ref('int_identity_components') }} group by seniority
),

-- The strongest statement that ties a record to its customer; the eldest record ties itself.
reasons as (
    select seniority, min_by(matched_by, strength) as matched_by
    from (
        select
            seniority,
            matched_by,
            case matched_by when 'merge' then 1 when 'billing_link' then 2 when 'email' then 3 when 'phone' then 4 else 5 end as strength
        from links
    ) as ranked
    group by seniority
),

placed as (
    select
        records.*,
        coalesce(components.eldest, records.seniority) as eldest
    from records
    left join components on components.seniority = records.seniority
),

keyed as (
    select
        placed.source_name,
        placed.record_type,
        placed.source_customer_id,
        {{ stable_key(['eldest.source_name', 'eldest.record_type', 'eldest.source_customer_id']) }} as customer_key,
        case when placed.seniority = placed.eldest then 'own' else reasons.matched_by end as matched_by,
        placed.created_at as valid_from,
        cast(null as timestamp) as valid_to
    from placed
    inner join records as eldest on eldest.seniority = placed.eldest
    left join reasons on reasons.seniority = placed.seniority
)

select * from keyed
