-- The closing revenue of every month is the sum over live subscriptions: no customer is lost on the way to the mart.
with subscriptions as (
    select month, sum(mrr) as mrr
    from {{ ref('int_subscription_months') }}
    where mrr > 0
    group by month
),

movements as (
    select month, closing_mrr from {{ ref('metric_mrr_movements') }}
)

select
    coalesce(subscriptions.month, movements.month) as month,
    subscriptions.mrr,
    movements.closing_mrr
from subscriptions
full outer join movements on movements.month = subscriptions.month
where coalesce(subscriptions.mrr, 0) <> coalesce(movements.closing_mrr, 0)
