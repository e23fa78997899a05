-- Consent as one row: which channels may carry marketing tonight. Nothing said is no.
{% set channels = ['email', 'sms', 'phone', 'push', 'post', 'ads'] %}
with customers as (
    select * from {{ ref('int_customers') }}
    where not is_erased
),

reachable as (
    select * from {{ ref('int_reachable_channels') }}
    where purpose = 'marketing' and is_reachable
),

pivoted as (
    select
        customers.customer_key
        {%- for channel in channels %},
        coalesce(bool_or(reachable.channel = '{{ channel }}'), false) as can_{{ channel }}
        {%- endfor %}
    from customers
    left join reachable on customers.customer_key = reachable.customer_key
    group by customers.customer_key
)

select * from pivoted
