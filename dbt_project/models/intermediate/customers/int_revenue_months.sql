-- Recurring revenue of every customer by month, from their first month with revenue to the as-of month, whatever the business model.
with
months as (
    select * from {{ ref('int_months') }}
),

subscription_months as {{ inlined() }} (
    select * from {{ ref('int_subscription_months') }} where mrr > 0
),

-- With several subscriptions the plan is that of the largest.
plans as (
    select customer_key, month, plan
    from subscription_months
    qualify row_number() over (partition by customer_key, month order by mrr desc, plan nulls last, subscription_id) = 1
),

summed as (
    select customer_key, month, cast(sum(mrr) as decimal(18, 6)) as mrr
    from subscription_months
    group by customer_key, month
),

firsts as (
    select customer_key, min(month) as first_month from summed group by customer_key
),

spine as (
    select customer_key, first_month, {{ series_of('month', 'first_month', as_of_month()) }} as month from firsts
),

filled as (
    select
        spine.customer_key,
        spine.month,
        spine.first_month,
        months.is_complete,
        cast(coalesce(summed.mrr, 0) as decimal(18, 6)) as mrr,
        plans.plan
    from spine
    inner join months on months.month = spine.month
    left join summed
        on summed.customer_key = spine.customer_key
        and summed.month = spine.month
    left join plans
        on plans.customer_key = spine.customer_key
        and plans.month = spine.month
)

select * from filled
