{#- One row per step from `first` to `last`, both included, as an expression of a select list; `unit` is day or month. DATE. -#}
{% macro series_of(unit, first, last) -%}
    {{ adapter.dispatch('series_of', 'rapport')(unit, first, last) }}
{%- endmacro %}

{% macro default__series_of(unit, first, last) -%}
    cast(unnest(generate_series(cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval 1 {{ unit }})) as date)
{%- endmacro %}

{% macro spark__series_of(unit, first, last) -%}
    explode(sequence(cast({{ first }} as date), cast({{ last }} as date), interval 1 {{ unit }}))
{%- endmacro %}
