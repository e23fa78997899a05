{#- Score 1 to 5 by fifths of all rows. Equal values share the middle of their places and so always get equal scores; where all are
    equal, everybody gets 3. `direction` desc: the lowest value is the best. -#}
{% macro quintile(value, direction='asc') -%}
    least(5, 1 + cast(floor(5 * (
        rank() over (order by {{ value }} {{ direction }}) - 1 + count(*) over (partition by {{ value }}) / 2e0
    ) / count(*) over ()) as integer))
{%- endmacro %}
