-- The links that held in each instance of a component.
with
instances as (
    select *, min(node) over (partition by component, valid_from) as instance from {{ ref('int_identity_instances') }}
),

links as (
    select * from {{ ref('int_identity_links') }}
),

held as (
    select
        instances.node,
        links.matched_by,
        instances.instance || ':' || links.link as link
    from instances
    inner join links
        on links.seniority = instances.seniority
        and links.valid_from <= instances.valid_from
        and (links.valid_to is null or instances.valid_from < links.valid_to)
),

shared as (
    select
        node,
        {{ reason_of('(' ~ strength_by_link('matched_by', 'link') ~ ')') }} as matched_by,
        link
    from held
    qualify count(*) over (partition by link) > 1
)

select * from shared
