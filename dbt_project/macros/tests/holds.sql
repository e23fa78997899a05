{#- A condition that must be true in every row; an unknown one fails. -#}
{% test holds(model, condition, column_name=none) %}
select *
from {{ model }}
where not coalesce({{ condition }}, false)
{% endtest %}
