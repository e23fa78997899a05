{#- The staged rows of an input table over all sources. A vendor's staging folder is added to `folders`, here and nowhere else. -#}
{% macro canonical(table) -%}
    {%- set folders = ['files'] -%}
    {%- if folders | length == 1 -%}
        {{ ref('stg_' ~ folders[0] ~ '__' ~ table) }}
    {%- else -%}
        (
        {%- for folder in folders %}
            select * from {{ ref('stg_' ~ folder ~ '__' ~ table) }}
            {%- if not loop.last %} union all {% endif %}
        {%- endfor %}
        )
    {%- endif -%}
{%- endmacro %}
