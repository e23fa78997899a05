{#- For a large import that is read more than once, after `as`: each place reads the table itself, instead of a copy of all of it in memory. -#}
{% macro inlined() -%}
    {{ adapter.dispatch('inlined', 'rapport')() }}
{%- endmacro %}

{% macro default__inlined() -%}
    not materialized
{%- endmacro %}

{% macro spark__inlined() -%}{%- endmacro %}
