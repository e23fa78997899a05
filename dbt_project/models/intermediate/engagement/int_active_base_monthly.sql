-- How many customers were active, and how many became so, by dimension and by the stratum that weights survey scores.
{%- set dimensions = customer_dimensions() %}
with customer_months as (
    select * from {{ ref('int_customer_months') }}
    where is_active
),

customers as (
    select * from {{ ref('int_customers') }}
),

dimensions as (
    {{ dimension_names(dimensions) }}
),

counted as (
    select
        customer_months.month,
        {% for dimension in dimensions %}
        customers.{{ dimension }},
        {% endfor -%}
        count(*)::bigint as active_customers,
        sum(case when customer_months.month = customer_months.cohort_month then 1 else 0 end)::bigint as new_customers
    from customer_months
    left join customers on customer_months.customer_key = customers.customer_key
    group by all
),

split as (
    select
        counted.month,
        dimensions.dimension,
        {{ dimension_value(dimensions, 'counted') }} as dimension_value,
        coalesce(cast(counted.{{ nps_stratum() }} as {{ dbt.type_string() }}), 'unknown') as stratum,
        sum(counted.active_customers)::bigint as active_customers,
        sum(counted.new_customers)::bigint as new_customers
    from counted
    cross join dimensions
    group by 1, 2, 3, 4
)

select * from split
