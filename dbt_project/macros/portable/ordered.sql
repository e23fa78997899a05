{#- Several values as one that is ordered by the first, then by the second …: for max_by, so that a tie has one answer on every run. -#}
{% macro ordered_by(values) -%}
    {{ return(adapter.dispatch('ordered_by', 'rapport')(values)) }}
{%- endmacro %}

{% macro default__ordered_by(values) -%}
    row({{ values | join(', ') }})
{%- endmacro %}

{% macro spark__ordered_by(values) -%}
    struct({{ values | join(', ') }})
{%- endmacro %}
