-- opening + new + reactivation + expansion − contraction − churn = closing; closing = next opening; the kinds of churn sum to churn.
with months as (
    select
        *,
        lag(closing_mrr) over (order by month) as closing_before
    from {{ ref('metric_mrr_movements') }}
)

select *
from months
where opening_mrr + new_mrr + reactivation_mrr + expansion_mrr - contraction_mrr - churned_mrr <> closing_mrr
    or opening_mrr <> coalesce(closing_before, 0)
    or churned_voluntary_mrr + churned_involuntary_mrr + churned_expired_mrr <> churned_mrr
    or least(new_mrr, reactivation_mrr, expansion_mrr, contraction_mrr, churned_mrr) < 0
