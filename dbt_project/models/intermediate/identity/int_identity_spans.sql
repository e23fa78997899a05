-- Which customer each record belonged to, from when until when.
with
records as (
    select * from {{ ref('int_identity_records') }}
),

assignments as (
    select
        seniority,
        eldest,
        strength,
        valid_from,
        row_number() over (partition by seniority order by valid_from) as place
    from {{ ref('int_identity_assignments') }}
),

reasons as (
    select seniority, link, {{ strength_by_link('matched_by', 'link') }} as strength from {{ ref('int_identity_links') }}
),

settled as (
    select
        components.node as seniority,
        min(components.label) as eldest,
        min(reasons.strength) as strength
    from {{ ref('int_identity_components') }} as components
    inner join reasons
        on reasons.seniority = components.node
        and reasons.link = components.link
    left join (select distinct seniority from assignments) as followed on followed.seniority = components.node
    where followed.seniority is null
    group by components.node
),

placed as (
    select
        records.seniority,
        coalesce(assignments.eldest, settled.eldest, records.seniority) as eldest,
        coalesce(assignments.strength, settled.strength) as strength,
        case when assignments.place > 1 then assignments.valid_from else records.existed_from end as valid_from
    from records
    left join assignments on assignments.seniority = records.seniority
    left join settled on settled.seniority = records.seniority
),

-- A moment at which the record's customer stayed the same is no border.
stretches as (
    select
        *,
        sum(is_new) over (partition by seniority order by valid_from rows unbounded preceding) as stretch
    from (
        select
            *,
            case when eldest = lag(eldest) over (partition by seniority order by valid_from) then 0 else 1 end as is_new
        from placed
    ) as followed
),

joined as (
    select
        seniority,
        min(eldest) as eldest,
        max_by(strength, valid_from) as strength,
        min(valid_from) as valid_from
    from stretches
    group by seniority, stretch
),

keyed as (
    select
        records.source_name,
        records.record_type,
        records.source_customer_id,
        {{ stable_key(['eldest.source_name', 'eldest.record_type', 'eldest.source_customer_id']) }} as customer_key,
        case when joined.seniority = joined.eldest then 'own' else {{ reason_of('joined.strength') }} end as matched_by,
        joined.valid_from,
        lead(joined.valid_from) over (partition by joined.seniority order by joined.valid_from) as valid_to
    from joined
    inner join records on records.seniority = joined.seniority
    inner join records as eldest on eldest.seniority = joined.eldest
)

select * from keyed
