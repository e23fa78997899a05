{#- A 64-bit number that is the same for rows that agree in `columns`, and nearly always another one for others. -#}
{% macro row_hash(columns, relation) -%}
    {{ adapter.dispatch('row_hash', 'rapport')(columns, relation) }}
{%- endmacro %}

{% macro default__row_hash(columns, relation) -%}
    hash({% for column in columns %}{{ relation }}.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro spark__row_hash(columns, relation) -%}
    xxhash64({% for column in columns %}{{ relation }}.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}
