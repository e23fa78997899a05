{#- Grouped family by family: attributes together with states would make nearly as many groups as there are customers. -#}
{%- set families = [customer_dimensions(), ['lifecycle_stage', 'rfm_segment']] -%}
{%- set counts = ['customers_at_start', 'customers_new', 'customers_reactivated', 'customers_churned',
    'customers_retained', 'customers_at_end'] -%}
{%- set amounts = ['opening_mrr', 'retained_mrr', 'kept_mrr', 'closing_mrr'] -%}

with
customer_months as (
    select * from {{ ref('int_customer_months') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

segments as (
    select * from {{ ref('dim_customer_segments') }}
),

opened as (
    select
        *,
        coalesce(lag(is_active) over (partition by customer_key order by month), false) as was_active,
        coalesce(lag(mrr) over (partition by customer_key order by month), 0) as opening_mrr,
        lag(plan) over (partition by customer_key order by month) as opening_plan
    from customer_months
),

-- The plan of a month is the one it began with, so that who leaves a plan is counted against that plan.
described as (
    select
        opened.*,
        {%- for dimension in families[0] if dimension != 'plan' %}
        customers.{{ dimension }},
        {%- endfor %}
        {%- for dimension in families[1] %}
        segments.{{ dimension }},
        {%- endfor %}
        case when opened.was_active then opened.opening_plan else opened.plan end as dimension_plan
    from opened
    inner join customers on customers.customer_key = opened.customer_key
    left join segments on segments.customer_key = opened.customer_key
),

-- Summed once over all attributes of a family together, so that each dimension re-reads groups and not customers.
{%- for family in families %}
grouped_{{ loop.index }} as (
    select
        month,
        {%- for dimension in family %}
        {{ 'dimension_plan' if dimension == 'plan' else dimension }} as {{ dimension }},
        {%- endfor %}
        is_complete,
        count_if(was_active) as customers_at_start,
        count_if(is_active and month = cohort_month) as customers_new,
        count_if(is_active and not was_active and month > cohort_month) as customers_reactivated,
        count_if(was_active and not is_active) as customers_churned,
        count_if(was_active and is_active) as customers_retained,
        count_if(is_active) as customers_at_end,
        sum(case when was_active then opening_mrr else 0 end) as opening_mrr,
        sum(case when was_active then least(mrr, opening_mrr) else 0 end) as retained_mrr,
        sum(case when was_active then mrr else 0 end) as kept_mrr,
        sum(mrr) as closing_mrr
    from described
    group by all
),

dimensions_{{ loop.index }} as (
    {{ dimension_names(family, with_all=loop.first) }}
),

split_{{ loop.index }} as (
    select
        grouped.month,
        dimensions.dimension,
        {{ dimension_value(family, 'grouped') }} as dimension_value,
        bool_and(grouped.is_complete) as is_complete,
        {%- for measure in counts + amounts %}
        sum(grouped.{{ measure }}) as {{ measure }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from grouped_{{ loop.index }} as grouped
    cross join dimensions_{{ loop.index }} as dimensions
    group by all
),
{% endfor %}
summed as (
    {%- for family in families %}
    select * from split_{{ loop.index }}
    {%- if not loop.last %} union all {% endif %}
    {%- endfor %}
),

rated as (
    select
        month,
        dimension,
        dimension_value,
        {%- for count in counts %}
        cast({{ count }} as bigint) as {{ count }},
        {%- endfor %}
        cast(customers_retained as double) / nullif(customers_at_start, 0) as customer_retention_rate,
        cast(customers_at_end - customers_new - customers_reactivated as double) / nullif(customers_at_start, 0) as crr_formula,
        1 - cast(customers_retained as double) / nullif(customers_at_start, 0) as logo_churn_rate,
        cast(retained_mrr as double) / nullif(opening_mrr, 0) as gross_revenue_retention,
        cast(kept_mrr as double) / nullif(opening_mrr, 0) as net_revenue_retention,
        {%- for amount in amounts %}
        cast({{ amount }} as decimal(28, 6)) as {{ amount }},
        {%- endfor %}
        is_complete
    from summed
)

select * from rated
