-- What does the customer pay for, since when, is it growing, and when may they leave next?
{% set largest = ordered_by(['coalesce(mrr_0, 0)', 'source_name', 'subscription_id']) %}
with spine as (
    select * from {{ ref('int_feature_spine') }}
),

subscriptions as (
    select * from {{ ref('int_subscriptions_at_cutoffs') }}
),

priced as (
    select
        subscriptions.*,
        {%- for days in [0, 90, 360] %}
        -- one rate for now and then: a change of the exchange rate is no change of the subscription;
        -- decimals sum to the same last digit whatever the order of the rows
        cast(subscriptions.monthly_minor_{{ days }} / rates.minor_units * rates.rate as decimal(28, 6)) as mrr_{{ days }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from subscriptions
    {{ join_rate('subscriptions.currency', 'subscriptions.cutoff_date') }}
),

summed as (
    select
        customer_key,
        cutoff_index,
        min(first_day) as first_paid_day,
        cast(sum(case when is_live_0 then 1 else 0 end) as double) as subscriptions_live,
        cast(sum(case when ends_day <= cutoff_date then 1 else 0 end) as double) as subscriptions_ended,
        max(case when ends_day <= cutoff_date then ends_day end) as last_ended_day,
        cast(coalesce(sum(mrr_0), 0) as double) as mrr,
        cast(coalesce(sum(mrr_90), 0) as double) as mrr_90d_ago,
        cast(coalesce(sum(mrr_360), 0) as double) as mrr_360d_ago,
        cast(coalesce(sum(cast(seats_0 as decimal(28, 6))), 0) as double) as seats,
        cast(coalesce(sum(cast(seats_90 as decimal(28, 6))), 0) as double) as seats_90d_ago,
        max_by(plan, {{ largest }}) filter (where is_live_0) as plan,
        max_by(billing_interval, {{ largest }}) filter (where is_live_0) as billing_interval,
        cast(sum(case when is_live_0 then plan_changes_360d else 0 end) as double) as plan_changes_360d,
        max(case when is_live_0 then last_change_day end) as last_change_day,
        min(case when is_live_0 then days_to_renewal end) as days_to_renewal,
        bool_or(is_live_0 and has_requested_cancellation) as has_requested_cancellation
    from priced
    group by 1, 2
),

described as (
    select
        spine.customer_key,
        spine.cutoff_index,
        {{ days_since('summed.first_paid_day') }} as days_since_first_paid,
        coalesce(summed.subscriptions_live, 0) as subscriptions_live,
        coalesce(summed.subscriptions_ended, 0) as subscriptions_ended,
        {{ days_since('summed.last_ended_day') }} as days_since_last_ended,
        coalesce(summed.mrr, 0) as mrr,
        coalesce(summed.mrr - summed.mrr_90d_ago, 0) as mrr_change_90d,
        coalesce(summed.mrr - summed.mrr_360d_ago, 0) as mrr_change_360d,
        summed.mrr / nullif(summed.seats, 0) as price_per_seat,
        coalesce(summed.seats, 0) as seats,
        coalesce(summed.seats - summed.seats_90d_ago, 0) as seats_change_90d,
        summed.plan,
        summed.billing_interval,
        coalesce(summed.plan_changes_360d, 0) as plan_changes_360d,
        {{ days_since('summed.last_change_day') }} as days_since_plan_change,
        summed.days_to_renewal,
        coalesce(summed.has_requested_cancellation, false) as has_requested_cancellation
    from spine
    left join summed
        on spine.customer_key = summed.customer_key and spine.cutoff_index = summed.cutoff_index
)

select * from described
