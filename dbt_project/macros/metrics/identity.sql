{#- Connected components, set-based. A round: all who hold one label take the lowest label that anybody shares a link with any of them
    for, then jump to the label of that label. Whole groups move together, so that their number soon shrinks: six rounds join
    chains of a hundred records in any order; a blocking test says so when that was not enough. Comes in: CTE `start` (seniority, link,
    label). Goes out: CTE `propagated` with the same columns. -#}
{% macro propagate_labels(start, rounds) -%}
    {%- for round in range(1, rounds + 1) %}
    {%- set before = start if loop.first else 'jumped_' ~ (round - 1) %}
linked_{{ round }} as (
    select seniority, link, label as held, min(label) over (partition by link) as label from {{ before }}
),

lowest_{{ round }} as (
    select seniority, link, min(label) over (partition by held) as label from linked_{{ round }}
),

jumped_{{ round }} as (
    select lowest_{{ round }}.seniority, lowest_{{ round }}.link, coalesce(further.label, lowest_{{ round }}.label) as label
    from lowest_{{ round }}
    left join (select distinct seniority, label from lowest_{{ round }}) as further on further.seniority = lowest_{{ round }}.label
),
    {%- endfor %}

propagated as (
    select seniority, link, label from jumped_{{ rounds }}
)
{%- endmacro %}
