{#- The ISO weekday of a moment, 1 = Monday: DuckDB and Spark number the days of `dow` differently. -#}
{% macro iso_weekday(moment) -%}
    {{ return(adapter.dispatch('iso_weekday', 'rapport')(moment)) }}
{%- endmacro %}

{% macro default__iso_weekday(moment) -%}
    extract(isodow from {{ moment }})
{%- endmacro %}

{% macro spark__iso_weekday(moment) -%}
    extract(dayofweek_iso from {{ moment }})
{%- endmacro %}
