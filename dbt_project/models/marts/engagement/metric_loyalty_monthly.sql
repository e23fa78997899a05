with identified as (
    select * from {{ ref('int_loyalty_events') }}
),

comparison as (
    select * from {{ ref('int_loyalty_comparison') }}
),

months as (
    select * from {{ ref('int_months') }}
),

stated as (
    select * from identified
    where is_member is not null
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

select
    measured.*,
    coalesce(comparison.members_compared, 0) as members_compared,
    comparison.member_retention_rate,
    comparison.comparison_retention_rate,
    comparison.retention_difference,
    comparison.retention_difference_low,
    comparison.retention_difference_high
from measured
left join comparison on comparison.month = measured.month
