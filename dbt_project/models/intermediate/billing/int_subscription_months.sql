-- Live subscriptions at the end of each month (the as-of date in the as-of month), with their monthly recurring revenue.
{{ renewed('subscriptions', months=true) }}
with
subscriptions as (
    select *
    from {{ ref('int_subscriptions') }} as subscriptions
    where can_pay
        {%- if continues() %}
        and {{ touched_subscription('subscriptions') }}
        {%- endif %}
),

prices as (
    select *
    from {{ ref('int_billed_prices') }} as prices
    {%- if continues() %}
    where {{ touched_subscription('prices') }}
    {%- endif %}
),

-- What a subscription was billed first: nearer to the months before than what its record says today.
first_prices as (
    select source_name, subscription_id, monthly_minor, currency
    from prices
    qualify row_number() over (partition by source_name, subscription_id order by month) = 1
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

-- A month that no line covers keeps the latest price billed before, and one before all lines has the first; a subscription never billed has
-- the price on its record.
priced as (
    select
        spine.*,
        months.measured_until,
        months.last_day,
        coalesce(prices.is_paid, false) as is_paid,
        first_prices.monthly_minor as first_minor,
        first_prices.currency as first_currency,
        {{ carried_forward('prices.monthly_minor', 'spine.source_name, spine.subscription_id', 'spine.month') }} as billed_minor,
        {{ carried_forward('prices.currency', 'spine.source_name, spine.subscription_id', 'spine.month') }} as billed_currency,
        case when prices.covers_end then 'invoice_line' end as covered
    from spine
    inner join months on months.month = spine.month
    left join prices
        on prices.source_name = spine.source_name
        and prices.subscription_id = spine.subscription_id
        and prices.month = spine.month
    left join first_prices
        on first_prices.source_name = spine.source_name
        and first_prices.subscription_id = spine.subscription_id
),

-- The end is exclusive: a subscription that ends with the last instant of a month is live at the end of that month.
live as (
    select
        *,
        coalesce(billed_currency, first_currency, list_currency) as currency,
        case when first_currency is null then list_minor else coalesce(billed_minor, first_minor) end as mrr_minor,
        case
            when first_currency is null then 'subscription'
            when billed_currency is null then 'later_line'
            else coalesce(covered, 'earlier_line')
        end as price_from
    from priced
    where paid_from < measured_until
        and (ends_at is null or ends_at >= measured_until)
        and (status <> 'unpaid' or is_paid)
),

measured as (
    select source_name, subscription_id, customer_key, month, plan, churn_kind, currency, price_from, mrr_minor, last_day
    from live
    {%- if continues() %}
    union all
    -- of all others the as-of month is what it was, at the rate of another day
    select
        kept.source_name, kept.subscription_id, kept.customer_key, kept.month, kept.plan, kept.churn_kind, kept.currency,
        kept.price_from, kept.mrr_minor, months.last_day
    from {{ this }} as kept
    inner join months on months.month = kept.month
    where kept.month = {{ as_of_month() }} and not {{ touched_subscription('kept') }}
    {%- endif %}
),

converted as (
    select
        measured.source_name,
        measured.subscription_id,
        measured.customer_key,
        measured.month,
        measured.plan,
        measured.churn_kind,
        measured.currency,
        measured.price_from,
        measured.mrr_minor,
        {{ to_reporting('coalesce(measured.mrr_minor, 0)') }} as mrr
    from measured
    {{ join_rate('measured.currency', 'measured.last_day') }}
)

select * from converted
