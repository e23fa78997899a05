-- Live subscriptions at the end of each month (the as-of date in the as-of month), with their monthly recurring revenue.
with
subscriptions as (
    select * from {{ ref('int_subscriptions') }} where can_pay
),

prices as (
    select * from {{ ref('int_billed_prices') }}
),

months as (
    select * from {{ ref('int_months') }}
),

spine as (
    select
        source_name,
        subscription_id,
        customer_key,
        plan,
        status,
        paid_from,
        ends_at,
        churn_kind,
        currency as list_currency,
        cast(unit_minor as double) * coalesce(quantity, 1) * (1 - coalesce(discount_percent, 0) / 1e2)
            * coalesce({{ monthly_factor('subscriptions.interval', 'subscriptions.interval_count') }}, 1e0) as list_minor,
        {{ series_of(
            'month',
            month_of('paid_from'),
            'least(' ~ month_of('coalesce(ends_at, ' ~ as_of_end() ~ ')') ~ ', ' ~ as_of_month() ~ ')'
        ) }} as month
    from subscriptions
    where paid_from < {{ as_of_end() }} and (ends_at is null or ends_at > paid_from)
),

-- A month that no line covers keeps the latest price billed before; a subscription never billed has the price on its record.
priced as (
    select
        spine.*,
        months.measured_until,
        months.last_day,
        coalesce(prices.is_paid, false) as is_paid,
        {{ carried_forward('prices.monthly_minor', 'spine.source_name, spine.subscription_id', 'spine.month') }} as billed_minor,
        {{ carried_forward('prices.currency', 'spine.source_name, spine.subscription_id', 'spine.month') }} as billed_currency,
        case when prices.covers_end then 'invoice_line' end as covered
    from spine
    inner join months on months.month = spine.month
    left join prices
        on prices.source_name = spine.source_name
        and prices.subscription_id = spine.subscription_id
        and prices.month = spine.month
),

-- The end is exclusive: a subscription that ends with the last instant of a month is live at the end of that month.
live as (
    select
        *,
        coalesce(billed_currency, list_currency) as currency,
        case when billed_currency is null then list_minor else billed_minor end as mrr_minor,
        case when billed_currency is null then 'subscription' else coalesce(covered, 'earlier_line') end as price_from
    from priced
    where paid_from < measured_until
        and (ends_at is null or ends_at >= measured_until)
        and (status <> 'unpaid' or is_paid)
),

converted as (
    select
        live.source_name,
        live.subscription_id,
        live.customer_key,
        live.month,
        live.plan,
        live.churn_kind,
        live.currency,
        live.price_from,
        live.mrr_minor,
        {{ to_reporting('coalesce(live.mrr_minor, 0)') }} as mrr
    from live
    {{ join_rate('live.currency', 'live.last_day') }}
)

select * from converted
