-- The values of every dimension sum to everyone, month by month, and everyone is whom int_customer_months holds.
{%- set measures = ['customers_at_start', 'customers_new', 'customers_reactivated', 'customers_churned', 'customers_at_end',
    'opening_mrr', 'retained_mrr', 'kept_mrr', 'closing_mrr'] %}

with sums as (
    select
        month,
        dimension,
        {%- for measure in measures %}
        sum({{ measure }}) as {{ measure }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from {{ ref('metric_retention_monthly') }}
    group by month, dimension
),

customer_months as (
    select month, count_if(is_active) as customers_at_end, sum(mrr) as closing_mrr
    from {{ ref('int_customer_months') }}
    group by month
)

select parts.month, parts.dimension
from sums as parts
inner join sums as whole on whole.month = parts.month and whole.dimension = 'all'
where {% for measure in measures %}parts.{{ measure }} <> whole.{{ measure }}{% if not loop.last %} or {% endif %}{% endfor %}
union all
select customer_months.month, 'all' as dimension
from customer_months
left join sums on sums.month = customer_months.month and sums.dimension = 'all'
where sums.customers_at_end is distinct from customer_months.customers_at_end
    or sums.closing_mrr is distinct from customer_months.closing_mrr
