-- Components whose ties came or went so that somebody's key can have changed, once for every moment at which something changed. All others are
-- settled: every record has been with the most senior one since it was made.
with
links as (
    select * from {{ ref('int_identity_links') }}
),

members as (
    select components.component, components.seniority, records.existed_from
    from (select distinct label as component, node as seniority from {{ ref('int_identity_components') }}) as components
    inner join {{ ref('int_identity_records') }} as records on records.seniority = components.seniority
),

held as (
    select *, row_number() over (partition by link order by valid_from, seniority) as place from links
),

-- A record that was made while an older one held the same link has an elder, and so by way of elders reaches the oldest. What sources state
-- ties the records of a component into at most as many parts as have no elder by a statement.
kin as (
    select
        members.component,
        members.seniority,
        bool_or(held.place > 1 and held.valid_from = members.existed_from) as has_elder,
        bool_or(held.place > 1 and held.valid_from = members.existed_from and {{ is_stated('held.matched_by') }}) as has_stated_elder,
        bool_or(held.valid_to is not null) as has_left
    from members
    inner join held on held.seniority = members.seniority
    group by members.component, members.seniority
),

unsettled as (
    select component, count(*) as records
    from kin
    group by component
    having bool_or(has_left)
        or count_if(not has_stated_elder) > {{ var('max_records_per_customer') }}
        or count_if(not has_elder) > 1
        or bool_or(seniority = component and has_elder)
),

moments as (
    select members.component, members.existed_from as valid_from
    from members
    union
    select members.component, links.valid_from from members inner join links on links.seniority = members.seniority
    union
    select members.component, links.valid_to
    from members
    inner join links on links.seniority = members.seniority
    where links.valid_to is not null
),

-- A component of ten thousand records that changes as often would take a hundred million rows: it keeps its present only, from the beginning.
followed as (
    select moments.component, moments.valid_from
    from moments
    inner join unsettled on unsettled.component = moments.component
    qualify count(*) over (partition by moments.component) * unsettled.records <= {{ var('max_identity_moments') }}
        or row_number() over (partition by moments.component order by moments.valid_from desc) = 1
),

instances as (
    select
        row_number() over (order by followed.component, followed.valid_from, members.seniority) as node,
        followed.component,
        members.seniority,
        followed.valid_from
    from followed
    inner join members
        on members.component = followed.component
        and members.existed_from <= followed.valid_from
)

select * from instances
