{#- Which of so many equal `parts` of all rows a row belongs to, 1 the lowest. Equal values share the middle of their places and so always
    belong together; where all are equal, everybody is in the middle. `direction` desc: the lowest value is the best. -#}
{% macro part_of_all(value, direction='asc', parts=5) -%}
    least({{ parts }}, 1 + cast(floor({{ parts }} * (
        rank() over (order by {{ value }} {{ direction }}) - 1 + count(*) over (partition by {{ value }}) / 2e0
    ) / count(*) over ()) as integer))
{%- endmacro %}
