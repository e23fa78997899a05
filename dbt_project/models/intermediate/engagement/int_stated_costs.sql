-- What campaigns and treatments are said to have cost, in the reporting currency: so that a missing rate is seen, and not taken for a
-- cost that nobody stated.
with
campaigns as (
    select * from {{ canonical('crm_campaigns') }}
),

actions as (
    select * from {{ canonical('crm_actions') }}
),

stated as (
    select currency, coalesce(cast(started_at as date), {{ as_of_date() }}) as day, cost_minor from campaigns
    where cost_minor is not null
    union all
    select currency, cast(decided_at as date) as day, cost_minor from actions
    where cost_minor is not null
),

converted as (
    select
        stated.currency,
        stated.day,
        {{ to_reporting('stated.cost_minor') }} as cost_reporting
    from stated
    {{ join_rate('stated.currency', 'stated.day') }}
)

select * from converted
