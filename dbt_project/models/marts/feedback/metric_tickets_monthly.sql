{%- set dimensions = customer_dimensions() + ['priority', 'topic', 'channel'] %}
with tickets as (
    select * from {{ ref('fct_tickets') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

months as (
    select * from {{ ref('int_months') }}
),

dimensions as (
    {{ dimension_names(dimensions) }}
),

attributed as (
    select
        {{ month_of('tickets.opened_at') }} as opened_month,
        {{ month_of('tickets.solved_at') }} as solved_month,
        tickets.first_reply_hours,
        tickets.resolution_hours,
        {% for dimension in customer_dimensions() %}
        customers.{{ dimension }},
        {% endfor -%}
        tickets.priority,
        tickets.topic,
        tickets.channel
    from tickets
    left join customers on tickets.customer_key = customers.customer_key
),

split as (
    select
        attributed.opened_month,
        attributed.solved_month,
        attributed.first_reply_hours,
        attributed.resolution_hours,
        dimensions.dimension,
        {{ dimension_value(dimensions, 'attributed') }} as dimension_value
    from attributed
    cross join dimensions
),

opened as (
    select
        opened_month as month,
        dimension,
        dimension_value,
        count(*)::bigint as opened,
        count(first_reply_hours)::bigint as replied,
        median(first_reply_hours)::double as median_first_reply_hours
    from split
    group by 1, 2, 3
),

solved as (
    select
        solved_month as month,
        dimension,
        dimension_value,
        count(*)::bigint as solved,
        median(resolution_hours)::double as median_resolution_hours
    from split
    where solved_month is not null
    group by 1, 2, 3
),

spine as (
    select months.month, months.is_complete, started.dimension, started.dimension_value
    from (select dimension, dimension_value, min(month) as first_month from opened group by 1, 2) as started
    inner join months on months.month >= started.first_month
),

measured as (
    select
        spine.month,
        spine.dimension,
        spine.dimension_value,
        spine.is_complete,
        coalesce(opened.opened, 0) as opened,
        coalesce(solved.solved, 0) as solved,
        -- what was opened and not solved up to here is what is still open
        sum(coalesce(opened.opened, 0) - coalesce(solved.solved, 0)) over (
            partition by spine.dimension, spine.dimension_value order by spine.month rows unbounded preceding
        )::bigint as backlog,
        coalesce(opened.replied, 0) as replied,
        opened.median_first_reply_hours,
        solved.median_resolution_hours
    from spine
    {% for part in ['opened', 'solved'] -%}
    left join {{ part }}
        on spine.month = {{ part }}.month
        and spine.dimension = {{ part }}.dimension
        and spine.dimension_value = {{ part }}.dimension_value
    {% endfor %}
)

select * from measured
