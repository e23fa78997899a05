-- Every customer by month, from their first active month to the as-of month, whatever the business model.
with
months as (
    select * from {{ ref('int_months') }}
),

revenue_months as (
    select * from {{ ref('int_revenue_months') }}
),

orders as (
    select * from {{ ref('int_orders') }}
),

{% if var('business_model') == 'contractual' -%}
-- Active is who pays.
judged as (
    select
        customer_key,
        month,
        is_complete,
        plan,
        mrr,
        mrr as revenue,
        cast(null as timestamp) as last_purchase_at,
        mrr > 0 as is_active
    from revenue_months
),
{%- else -%}
bought as (
    select
        customer_key,
        {{ month_of('ordered_at') }} as month,
        sum(net_amount_reporting) as revenue,
        max(ordered_at) filter (where {{ is_purchase() }}) as last_purchase_at
    from orders
    group by customer_key, {{ month_of('ordered_at') }}
),

firsts as (
    select customer_key, min(month) as first_month
    from bought
    where last_purchase_at is not null
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
        revenue_months.plan,
        coalesce(revenue_months.mrr, 0) as mrr,
        coalesce(bought.revenue, 0) as revenue,
        max(bought.last_purchase_at) over (
            partition by spine.customer_key order by spine.month rows between unbounded preceding and current row
        ) as last_purchase_at
    from spine
    inner join months on months.month = spine.month
    left join bought
        on bought.customer_key = spine.customer_key
        and bought.month = spine.month
    left join revenue_months
        on revenue_months.customer_key = spine.customer_key
        and revenue_months.month = spine.month
),

-- Active is who has bought within the window.
judged as (
    select
        *,
        coalesce(last_purchase_at >= {{ add_days('measured_until', '-' ~ var('activity_window_days')) }}, false) as is_active
    from filled
),
{%- endif %}

cohorts as (
    select *, min(case when is_active then month end) over (partition by customer_key) as cohort_month from judged
),

active_months as (
    select
        customer_key,
        month,
        is_active,
        is_complete,
        cast(mrr as decimal(28, 6)) as mrr,
        cast(revenue as decimal(28, 6)) as revenue,
        plan,
        last_purchase_at,
        cohort_month
    from cohorts
    where month >= cohort_month
)

select * from active_months
