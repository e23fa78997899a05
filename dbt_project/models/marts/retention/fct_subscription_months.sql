{{ renewed('payers', months=true) }}
{%- set previous_month = add_months(as_of_month(), -1) %}

with
{% if continues() -%}
touched as (
    select customer_key from {{ ref('int_touched_payers') }}
),

{% endif -%}
revenue_months as (
    select *
    from {{ ref('int_revenue_months') }}
    {%- if continues() %}
    where month >= {{ previous_month }} or customer_key in (select customer_key from touched)
    {%- endif %}
),

customer_months as (
    select * from {{ ref('int_customer_months') }}
),

subscription_months as (
    select *
    from {{ ref('int_subscription_months') }}
    where mrr > 0
        {%- if continues() %}
        and (month >= {{ previous_month }} or customer_key in (select customer_key from touched))
        {%- endif %}
),

opened as (
    select
        *,
        coalesce(lag(mrr) over (partition by customer_key order by month), 0) as opening_mrr,
        lag(plan) over (partition by customer_key order by month) as opening_plan
    from revenue_months
),

-- Tested in this order: a customer who leaves must be churn before anybody asks whether they pay less.
moved as (
    select
        *,
        case
            when mrr > 0 and month = first_month then 'new'
            when opening_mrr = 0 and mrr > 0 then 'reactivation'
            when opening_mrr > 0 and mrr = 0 then 'churn'
            when mrr > opening_mrr then 'expansion'
            when mrr < opening_mrr then 'contraction'
            else 'unchanged'
        end as movement
    from opened
),

-- A customer leaves the way their largest subscription did.
churn_kinds as (
    select moved.customer_key, moved.month, subscription_months.churn_kind
    from moved
    inner join subscription_months
        on subscription_months.customer_key = moved.customer_key
        and subscription_months.month = {{ add_months('moved.month', -1) }}
    where moved.movement = 'churn'
    qualify row_number() over (
        partition by moved.customer_key, moved.month
        order by subscription_months.mrr desc, subscription_months.source_name, subscription_months.subscription_id
    ) = 1
),

explained as (
    select
        moved.customer_key,
        moved.month,
        moved.mrr,
        cast(moved.opening_mrr as decimal(28, 6)) as opening_mrr,
        moved.movement,
        cast(moved.mrr - moved.opening_mrr as decimal(28, 6)) as movement_amount,
        churn_kinds.churn_kind,
        moved.first_month as cohort_month,
        moved.plan,
        moved.opening_plan,
        coalesce(customer_months.is_active, false) as is_active,
        moved.is_complete
    from moved
    left join customer_months
        on customer_months.customer_key = moved.customer_key
        and customer_months.month = moved.month
    left join churn_kinds
        on churn_kinds.customer_key = moved.customer_key
        and churn_kinds.month = moved.month
    {%- if continues() %}
    where moved.month = {{ as_of_month() }} or moved.customer_key in (select customer_key from touched)
    {%- endif %}
)

select * from explained
