{#- Columns that are never empty, all of a table counted in one reading: a test of its own for each costs a start for each.
    A row for each column that is, with the number of rows in which it is. -#}
{% test never_missing(model, columns) %}
{{ config(fail_calc="coalesce(sum(n_rows), 0)") }}
with counted as (
    select
        {% for column in columns %}sum(case when {{ column }} is null then 1 else 0 end) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ model }}
)

{% for column in columns %}select '{{ column }}' as column_name, {{ column }} as n_rows from counted where {{ column }} > 0
{% if not loop.last %}union all
{% endif %}{% endfor %}
{% endtest %}
