{#- Connected components, set-based. Nodes that share a `link` belong together.

    Every round hooks each label to the lowest label that any of its nodes meets over a link, follows that hook one step further, and
    gives all labels new places. The places are scrambled, so that no order of the records makes long chains of hooks: about two thirds of the
    labels of a chain go in every round: fourteen rounds are enough for chains of tens of thousands. (Taking the lowest
    neighbour's label without hooking the label itself, a customer of 500 records may take 490 rounds.) They are spread over three
    models, because an engine that expands every CTE reads its first input twice as often with every round. -#}

{#- Another number for each number below the prime 2^31 - 1, evenly spread: the factors are about that prime times the golden ratio and the like. -#}
{% macro scrambled(number, round) -%}
    {%- set factors = [1327217885, 1621279549, 889516853, 1572066989, 506949821, 1223637737] -%}
    (cast({{ number }} as bigint) * {{ factors[round % (factors | length)] }}) % 2147483647
{%- endmacro %}

{#- Some rounds over the CTE `graph` (node, link). Goes out: the CTE `contracted` (node, link, label); the label is the lowest node found so far. -#}
{% macro contract(graph, rounds) -%}
started as (
    select node, link, {{ scrambled('node', 0) }} as label from {{ graph }}
),
{% for round in range(1, rounds + 1) %}
met_{{ round }} as (
    select node, link, label, min(label) over (partition by link) as met from {{ 'started' if loop.first else 'placed_' ~ (round - 1) }}
),

hooked_{{ round }} as (
    select node, link, label, min(met) over (partition by label) as hook from met_{{ round }}
),

placed_{{ round }} as (
    select hooked_{{ round }}.node, hooked_{{ round }}.link, {{ scrambled('further.hook', round) }} as label
    from hooked_{{ round }}
    inner join (select distinct label, hook from hooked_{{ round }}) as further on further.label = hooked_{{ round }}.hook
),
{% endfor %}
contracted as (
    select node, link, min(node) over (partition by label) as label from placed_{{ rounds }}
)
{%- endmacro %}

{#- More rounds: only labels that still meet other labels go on, as nodes of a much smaller graph. Comes in: a CTE (node, link, label), named
    by `first`. Goes out: the CTE `components` with the same columns and the lowest node of each component as label; a test says so
    should the rounds not have been enough. -#}
{% macro contract_further(first, rounds) -%}
unfinished as (
    select distinct label as node, link
    from (
        select link, label, min(label) over (partition by link) as lowest, max(label) over (partition by link) as highest
        from {{ first }}
    ) as spread
    where lowest <> highest
),

{{ contract('unfinished', rounds) }},

solved as (
    select distinct node, label from contracted
),

components as (
    select {{ first }}.node, {{ first }}.link, coalesce(solved.label, {{ first }}.label) as label
    from {{ first }}
    left join solved on solved.node = {{ first }}.label
)
{%- endmacro %}
