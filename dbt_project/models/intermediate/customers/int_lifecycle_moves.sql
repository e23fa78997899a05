-- How many customers went in each month from which stage to which, those who stayed included.
{%- set facts = ['first_active_month', 'returned_month', 'is_active', 'has_warning'] %}

with
spells as (
    select * from {{ ref('int_lifecycle_spells') }}
),

rules as (
    select * from {{ ref('lifecycle_rules') }}
),

spread as (
    select *, {{ series_of('month', 'first_month', 'last_month') }} as month from spells
),

-- How a customer stood one month before is said by the same spell, or by the one before it.
followed as (
    select
        month,
        cast({{ add_months('month', -1) }} as date) as previous_month,
        {%- for fact in facts %}
        {{ fact }},
        case when month = first_month then previous_{{ fact }} else {{ fact }} end as previous_{{ fact }},
        {%- endfor %}
        stage_tonight,
        customers
    from spread
),

standings as (
    select distinct month, {{ facts | join(', ') }} from followed where stage_tonight is null
),

measured as (
    select
        *,
        first_active_month is not null as has_been_active,
        {{ months_between('returned_month', 'month') }} as months_since_return,
        {{ months_between('first_active_month', 'month') }} as tenure_months
    from standings
),

staged as (
    select
        measured.month,
        {%- for fact in facts %}
        measured.{{ fact }},
        {%- endfor %}
        rules.lifecycle_stage
    from measured
    inner join rules
        on {{ rule_fits('rules', 'measured') }}
    qualify row_number() over (partition by measured.month, measured.{{ facts | join(', measured.') }} order by rules.priority) = 1
),

moved as (
    select
        followed.month,
        coalesce(before.lifecycle_stage, 'not_yet_known') as from_stage,
        coalesce(followed.stage_tonight, now.lifecycle_stage) as to_stage,
        sum(followed.customers) as customers
    from followed
    left join staged as before
        on before.month = followed.previous_month
        {%- for fact in facts %}
        and before.{{ fact }} is not distinct from followed.previous_{{ fact }}
        {%- endfor %}
    left join staged as now
        on now.month = followed.month
        {%- for fact in facts %}
        and now.{{ fact }} is not distinct from followed.{{ fact }}
        {%- endfor %}
    group by all
)

select * from moved
