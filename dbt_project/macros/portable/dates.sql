{#- Date arithmetic that DuckDB and Spark spell differently. -#}

{#- Whole days from `start` to `finish` (DATE or TIMESTAMP), counted between calendar days. -#}
{% macro days_between(start, finish) -%}
    {{ adapter.dispatch('days_between', 'rapport')(start, finish) }}
{%- endmacro %}

{% macro default__days_between(start, finish) -%}
    date_diff('day', cast({{ start }} as date), cast({{ finish }} as date))
{%- endmacro %}

{% macro spark__days_between(start, finish) -%}
    datediff(cast({{ finish }} as date), cast({{ start }} as date))
{%- endmacro %}

{#- Whole calendar months from the month of `start` to the month of `finish`. -#}
{% macro months_between(start, finish) -%}
    (
        12 * (extract(year from {{ finish }}) - extract(year from {{ start }}))
        + extract(month from {{ finish }}) - extract(month from {{ start }})
    )
{%- endmacro %}

{#- The day `months` months after `day`, DATE; the last day of the month where that day is missing. -#}
{% macro add_months(day, months) -%}
    {{ adapter.dispatch('add_months', 'rapport')(day, months) }}
{%- endmacro %}

{% macro default__add_months(day, months) -%}
    cast(cast({{ day }} as date) + ({{ months }}) * interval 1 month as date)
{%- endmacro %}

{% macro spark__add_months(day, months) -%}
    add_months(cast({{ day }} as date), {{ months }})
{%- endmacro %}

{#- The same instant `months` months after `moment`, TIMESTAMP; on the last day of the month where that day is missing. -#}
{% macro months_later(moment, months) -%}
    {{ adapter.dispatch('months_later', 'rapport')(moment, months) }}
{%- endmacro %}

{% macro default__months_later(moment, months) -%}
    (cast({{ moment }} as timestamp) + ({{ months }}) * interval 1 month)
{%- endmacro %}

{% macro spark__months_later(moment, months) -%}
    (cast({{ moment }} as timestamp) + make_interval(0, {{ months }}, 0, 0, 0, 0, 0))
{%- endmacro %}

{#- The instant `days` days after `moment`, TIMESTAMP. -#}
{% macro add_days(moment, days) -%}
    {{ adapter.dispatch('add_days', 'rapport')(moment, days) }}
{%- endmacro %}

{% macro default__add_days(moment, days) -%}
    (cast({{ moment }} as timestamp) + ({{ days }}) * interval 1 day)
{%- endmacro %}

{% macro spark__add_days(moment, days) -%}
    (cast({{ moment }} as timestamp) + make_interval(0, 0, 0, {{ days }}, 0, 0, 0))
{%- endmacro %}

{#- The first day of the month of `moment`, DATE. -#}
{% macro month_of(moment) -%}
    cast(date_trunc('month', {{ moment }}) as date)
{%- endmacro %}

{#- From `start` to `finish` in days, to the microsecond, DOUBLE. -#}
{% macro elapsed_days(start, finish) -%}
    {{ adapter.dispatch('elapsed_days', 'rapport')(start, finish) }}
{%- endmacro %}

{% macro default__elapsed_days(start, finish) -%}
    (date_diff('microsecond', {{ start }}, {{ finish }}) / 86400000000.0)
{%- endmacro %}

{% macro spark__elapsed_days(start, finish) -%}
    ((unix_micros(cast({{ finish }} as timestamp)) - unix_micros(cast({{ start }} as timestamp))) / 86400000000.0)
{%- endmacro %}
