-- The values of every dimension sum to everyone, month by month, and everyone is whom int_customer_months and int_revenue_months hold.
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

held as (
    select month, sum(customers_at_end) as customers_at_end, sum(closing_mrr) as closing_mrr
    from (
        select month, count_if(is_active) as customers_at_end, 0 as closing_mrr
        from {{ ref('int_customer_months') }}
        group by month
        union all
        select month, 0 as customers_at_end, sum(mrr) as closing_mrr
        from {{ ref('int_revenue_months') }}
        group by month
    ) as counted
    group by month
)

select parts.month, parts.dimension
from sums as parts
inner join sums as whole on whole.month = parts.month and whole.dimension = 'all'
where {% for measure in measures %}parts.{{ measure }} <> whole.{{ measure }}{% if not loop.last %} or {% endif %}{% endfor %}
union all
select held.month, 'all' as dimension
from held
left join sums on sums.month = held.month and sums.dimension = 'all'
where sums.customers_at_end is distinct from held.customers_at_end
    or sums.closing_mrr is distinct from held.closing_mrr
