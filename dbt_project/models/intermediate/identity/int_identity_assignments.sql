-- With whom each record was one customer in each instance. A cluster that e-mails and phones have tied together of more parts than
-- `max_records_per_customer` (records that a source itself ties count as one) is pulled apart into those parts.
with
clusters as (
    select distinct node, label from {{ ref('int_identity_clusters') }}
),

parts as (
    select distinct node, label from {{ ref('int_identity_parts') }}
),

reasons as (
    select
        node,
        min({{ strength_of('matched_by') }}) as strength,
        min(case when {{ is_stated('matched_by') }} then {{ strength_of('matched_by') }} end) as stated_strength
    from {{ ref('int_identity_instance_links') }}
    group by node
),

placed as (
    select
        instances.*,
        coalesce(clusters.label, instances.node) as cluster,
        coalesce(parts.label, instances.node) as part,
        reasons.strength,
        reasons.stated_strength
    from {{ ref('int_identity_instances') }} as instances
    left join clusters on clusters.node = instances.node
    left join parts on parts.node = instances.node
    left join reasons on reasons.node = instances.node
),

sized as (
    select cluster, count(distinct part) > {{ var('max_records_per_customer') }} as is_pulled_apart
    from placed
    group by cluster
),

-- Nodes are numbered by seniority within an instance, so the label is the node of the most senior record.
assignments as (
    select
        placed.component,
        placed.seniority,
        placed.valid_from,
        min(placed.seniority) over (
            partition by case when sized.is_pulled_apart then placed.part else placed.cluster end
        ) as eldest,
        case when sized.is_pulled_apart then placed.stated_strength else placed.strength end as strength,
        placed.cluster,
        sized.is_pulled_apart
    from placed
    inner join sized on sized.cluster = placed.cluster
)

select * from assignments
