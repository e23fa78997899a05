with events as (
    select * from {{ canonical('crm_loyalty_events') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'crm'
),

months as (
    select * from {{ ref('int_months') }}
),

identified as (
    select
        events.source_name,
        events.loyalty_event_id,
        identities.customer_key,
        {{ month_of('events.occurred_at') }} as month,
        events.occurred_at,
        events.kind,
        abs(events.points) as points
    from events
    inner join identities
        on events.source_name = identities.source_name
        and events.customer_id = identities.source_customer_id
),

-- whoever earns or redeems takes part, also where joining itself was never recorded
stated as (
    select
        *,
        case when kind = 'left' then 0 else 1 end as is_member
    from identified
    where kind <> 'expired'
),

changes as (
    select
        *,
        is_member - coalesce(lag(is_member) over (
            partition by customer_key order by occurred_at, source_name, loyalty_event_id
        ), 0) as change
    from stated
),

membership as (
    select
        month,
        sum(case when change = 1 then 1 else 0 end)::bigint as joined,
        sum(case when change = -1 then 1 else 0 end)::bigint as members_left
    from changes
    group by 1
),

points as (
    select
        month,
        {% for kind in ['earned', 'redeemed', 'expired'] -%}
        coalesce(sum(case when kind = '{{ kind }}' then points end), 0)::decimal(28, 8) as points_{{ kind }},
        {% endfor -%}
        count(distinct case when kind in ('earned', 'redeemed') then customer_key end)::bigint as active_members
    from identified
    group by 1
),

summed as (
    select
        months.month,
        months.is_complete,
        coalesce(membership.joined, 0) as joined,
        coalesce(membership.members_left, 0) as members_left,
        {% for kind in ['earned', 'redeemed', 'expired'] -%}
        coalesce(points.points_{{ kind }}, 0)::decimal(28, 8) as points_{{ kind }},
        {% endfor -%}
        coalesce(points.active_members, 0) as active_members
    from months
    left join membership on months.month = membership.month
    left join points on months.month = points.month
    where months.month >= (select min(month) from identified)
),

measured as (
    select
        month,
        is_complete,
        sum(joined - members_left) over (order by month rows unbounded preceding)::bigint as members,
        joined,
        members_left,
        active_members,
        points_earned,
        points_redeemed,
        points_expired,
        sum(points_earned - points_redeemed - points_expired) over (order by month rows unbounded preceding)::decimal(28, 8)
            as points_outstanding,
        {{ ratio('points_redeemed', 'points_earned') }} as redemption_rate
    from summed
)

select * from measured
