-- Records that share a link have one label; a row here means that a component was larger than the rounds of `contract` reach.
{% for model in ['int_identity_components', 'int_identity_clusters', 'int_identity_parts'] %}
select '{{ model }}' as model, link, count(distinct label) as labels
from {{ ref(model) }}
group by link
having count(distinct label) > 1
{{ 'union all' if not loop.last }}
{% endfor %}
