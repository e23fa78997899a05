{#- The one parameter of a night. Everything known by the end of this day (UTC) counts, nothing later. -#}

{#- The as-of day, DATE. -#}
{% macro as_of_date() -%}
    cast('{{ var("as_of") }}' as date)
{%- endmacro %}

{#- The first instant after the as-of day, TIMESTAMP: what happened at or after it is not known yet. -#}
{% macro as_of_end() -%}
    {%- set day = modules.datetime.datetime.strptime(var('as_of') | string, '%Y-%m-%d') -%}
    cast('{{ (day + modules.datetime.timedelta(days=1)).strftime("%Y-%m-%d 00:00:00") }}' as timestamp)
{%- endmacro %}

{#- The first day of the as-of month, DATE. -#}
{% macro as_of_month() -%}
    cast('{{ (var("as_of") | string)[:8] }}01' as date)
{%- endmacro %}

{#- A later attribute of a row (its end, its solution) as known by the as-of day: NULL while it lies ahead. -#}
{% macro known(column) -%}
    case when {{ column }} < {{ as_of_end() }} then {{ column }} end
{%- endmacro %}
