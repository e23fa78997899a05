-- Recurring revenue of every customer by month, from their first month with revenue to the as-of month, whatever the business model.
{{ renewed('payers', months=true) }}
with
months as (
    select * from {{ ref('int_months') }}
),

subscription_months as {{ inlined() }} (
    select *
    from {{ ref('int_subscription_months') }}
    where mrr > 0
        {%- if continues() %}
        and (month = {{ as_of_month() }} or customer_key in (select customer_key from {{ ref('int_touched_payers') }}))
        {%- endif %}
),

-- With several subscriptions the plan is that of the largest.
plans as (
    select customer_key, month, plan
    from subscription_months
    qualify row_number() over (partition by customer_key, month order by mrr desc, plan nulls last, subscription_id) = 1
),

summed as (
    select customer_key, month, cast(sum(mrr) as decimal(28, 6)) as mrr
    from subscription_months
    group by customer_key, month
),

{% if continues() -%}
touched as (
    select customer_key from {{ ref('int_touched_payers') }}
),

-- Of all others only the as-of month is built anew, for which the month they began in is known.
firsts as (
    select summed.customer_key, min(summed.month) as first_month, min(summed.month) as built_from
    from summed
    inner join touched on touched.customer_key = summed.customer_key
    group by summed.customer_key
    union all
    select kept.customer_key, kept.first_month, kept.month as built_from
    from {{ this }} as kept
    left join touched on touched.customer_key = kept.customer_key
    where kept.month = {{ as_of_month() }} and touched.customer_key is null
),
{%- else -%}
firsts as (
    select customer_key, min(month) as first_month, min(month) as built_from from summed group by customer_key
),
{%- endif %}

spine as (
    select customer_key, first_month, {{ series_of('month', 'built_from', as_of_month()) }} as month from firsts
),

filled as (
    select
        spine.customer_key,
        spine.month,
        spine.first_month,
        months.is_complete,
        cast(coalesce(summed.mrr, 0) as decimal(28, 6)) as mrr,
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
