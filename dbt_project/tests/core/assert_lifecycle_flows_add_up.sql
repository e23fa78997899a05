-- At start + in − out = at end of every stage, the moves are those flows, and a month begins as the one before it ended.
{%- set flows = {
    'stage_customers_at_start': 'from_stage = stages.lifecycle_stage',
    'stage_customers_in': 'to_stage = stages.lifecycle_stage and from_stage <> to_stage',
    'stage_customers_out': 'from_stage = stages.lifecycle_stage and from_stage <> to_stage',
    'stage_customers_at_end': 'to_stage = stages.lifecycle_stage',
} %}

with moves as (
    select * from {{ ref('metric_lifecycle_monthly') }}
),

counted as (
    select
        moves.month,
        stages.lifecycle_stage
        {%- for flow, counts in flows.items() %},
        sum(case when {{ counts }} then customers else 0 end) as counted_{{ loop.index }},
        max(case when from_stage = to_stage and to_stage = stages.lifecycle_stage then {{ flow }} end) as {{ flow }}
        {%- endfor %}
    from moves
    cross join {{ ref('lifecycle_rules') }} as stages
    group by moves.month, stages.lifecycle_stage
),

followed as (
    select
        *,
        coalesce(lag(stage_customers_at_end) over (partition by lifecycle_stage order by month), 0) as ended_before
    from counted
)

select *
from followed
where stage_customers_at_start + stage_customers_in - stage_customers_out is distinct from stage_customers_at_end
    or stage_customers_at_start is distinct from ended_before
    {%- for flow in flows %}
    or {{ flow }} is distinct from counted_{{ loop.index }}
    {%- endfor %}
