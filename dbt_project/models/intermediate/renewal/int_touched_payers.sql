-- Customers whose months of revenue are built anew: the touched ones, and those of touched subscriptions.
{%- if continues() %}
with
subscriptions as (
    select * from {{ ref('int_subscriptions') }}
),

touched as (
    select customer_key from {{ ref('int_touched_customers') }}
    union
    select customer_key from subscriptions where {{ touched_subscription('subscriptions') }}
)

select * from touched
{%- else %}
-- depends_on: {{ ref('int_subscriptions') }}, {{ ref('int_touched_subscriptions') }}
select customer_key from {{ ref('int_touched_customers') }} where false
{%- endif %}
