{#- Whether an order is a purchase: its net amount is positive in its own currency, however little that is in the reporting one. -#}
{% macro is_purchase() -%}
    net_amount_minor > 0
{%- endmacro %}

{#- The purchases of non-contractual customers, as common table expressions: `valued_days` (customer × day with orders, `day_value` net of
    refunds) and `numbered` (days with a positive value, `purchase_number` from 1, `days_ago` before the as-of date). -#}
{% macro purchases() -%}
orders as (
    select * from {{ ref('int_orders') }}
    where {{ "true" if var('business_model') == 'non_contractual' else "false" }}
),

profiled as (
    select * from {{ ref('int_profiled_customers') }}
),

valued_days as (
    select
        orders.customer_key,
        cast(orders.ordered_at as date) as order_day,
        sum(orders.net_amount_reporting) as day_value
    from orders
    inner join profiled using (customer_key)
    group by 1, 2
),

numbered as (
    select
        *,
        row_number() over (partition by customer_key order by order_day) as purchase_number,
        {{ days_between('order_day', as_of_date()) }} as days_ago
    from valued_days
    where day_value > 0
)
{%- endmacro %}
