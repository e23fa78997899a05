{{ renewed('customers') }}
with
orders as (
    select *
    from {{ ref('int_orders') }}
    {%- if continues() %}
    where customer_key in (select customer_key from {{ ref('int_touched_customers') }})
    {%- endif %}
),

published as (
    select
        source_name as source,
        order_id,
        order_kind,
        customer_key,
        ordered_at,
        net_amount,
        currency,
        net_amount_reporting,
        {{ is_purchase() }} as is_purchase
    from orders
)

select * from published
