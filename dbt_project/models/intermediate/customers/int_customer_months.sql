-- Every customer by month, from their first active month to the as-of month, whatever the business model.
with
months as (
    select * from {{ ref('int_months') }}
),

subscription_months as {{ inlined() }} (
    select * from {{ ref('int_subscription_months') }} where mrr > 0
),

orders as (
    select * from {{ ref('int_orders') }}
),

{% if var('business_model') == 'contractual' -%}
-- With several subscriptions the plan is that of the largest.
plans as (
    select customer_key, month, plan
    from subscription_months
    qualify row_number() over (partition by customer_key, month order by mrr desc, plan nulls last, subscription_id) = 1
),

measured as (
    select
        subscription_months.customer_key,
        subscription_months.month,
        min(plans.plan) as plan,
        cast(sum(subscription_months.mrr) as decimal(18, 6)) as mrr,
        cast(sum(subscription_months.mrr) as decimal(18, 6)) as revenue,
        cast(null as timestamp) as last_purchase_at
    from subscription_months
    inner join plans
        on plans.customer_key = subscription_months.customer_key
        and plans.month = subscription_months.month
    group by subscription_months.customer_key, subscription_months.month
),
{%- else -%}
measured as (
    select
        customer_key,
        {{ month_of('ordered_at') }} as month,
        cast(null as {{ dbt.type_string() }}) as plan,
        cast(0 as decimal(18, 6)) as mrr,
        cast(sum(net_amount_reporting) as decimal(18, 6)) as revenue,
        max(ordered_at) filter (where net_amount_minor > 0) as last_purchase_at
    from orders
    group by customer_key, {{ month_of('ordered_at') }}
),
{%- endif %}

firsts as (
    select customer_key, min(month) as first_month
    from measured
    where mrr > 0 or last_purchase_at is not null
    group by customer_key
),

spine as (
    select customer_key, {{ series_of('month', 'first_month', as_of_month()) }} as month from firsts
),

filled as (
    select
        spine.customer_key,
        spine.month,
        months.is_complete,
        months.measured_until,
        measured.plan,
        coalesce(measured.mrr, 0) as mrr,
        coalesce(measured.revenue, 0) as revenue,
        {% if var('business_model') == 'contractual' -%}
        measured.last_purchase_at
        {%- else -%}
        max(measured.last_purchase_at) over (
            partition by spine.customer_key order by spine.month rows between unbounded preceding and current row
        ) as last_purchase_at
        {%- endif %}
    from spine
    inner join months on months.month = spine.month
    left join measured
        on measured.customer_key = spine.customer_key
        and measured.month = spine.month
),

judged as (
    select
        *,
        {% if var('business_model') == 'contractual' -%}
        mrr > 0
        {%- else -%}
        coalesce(last_purchase_at >= {{ add_days('measured_until', '-' ~ var('activity_window_days')) }}, false)
        {%- endif %} as is_active
    from filled
),

cohorts as (
    select *, min(case when is_active then month end) over (partition by customer_key) as cohort_month from judged
),

active_months as (
    select
        customer_key,
        month,
        is_active,
        is_complete,
        cast(mrr as decimal(18, 6)) as mrr,
        cast(revenue as decimal(18, 6)) as revenue,
        plan,
        cohort_month
    from cohorts
    where month >= cohort_month
)

select * from active_months
