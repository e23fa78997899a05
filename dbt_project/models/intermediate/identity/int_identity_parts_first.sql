-- Clusters of more records than `max_records_per_customer`, by what their sources (or the configuration) state alone: without e-mails and phones.
with
large as (
    select label
    from (select distinct label, node from {{ ref('int_identity_clusters') }}) as clusters
    group by label
    having count(*) > {{ var('max_records_per_customer') }}
),

graph as (
    select distinct ties.node, ties.link
    from {{ ref('int_identity_clusters') }} as clusters
    inner join large on large.label = clusters.label
    inner join {{ ref('int_identity_instance_links') }} as ties
        on ties.node = clusters.node
        and ties.link = clusters.link
    where {{ is_stated('ties.matched_by') }}
),

{{ contract('graph', rounds=2) }}

select * from contracted
