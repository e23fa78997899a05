{#- `total` of the model equals `staged_total` of the staged input table: nothing was lost or doubled on the way. -#}
{% test reconciles_with_staging(model, total, table, staged_total='count(*)', where='true', staged_where='true') %}
select here.total, staged.total as staged_total
from (select coalesce({{ total }}, 0) as total from {{ model }} where {{ where }}) as here
cross join (select coalesce({{ staged_total }}, 0) as total from {{ canonical(table) }} where {{ staged_where }}) as staged
where here.total <> staged.total
{% endtest %}
