-- The days on whose end a customer is live, by the business model: a paying subscription from its first paid day on, or the one day
-- of a purchase. `voided_day` is when a purchase was given back in full, so that a past cut-off may still know it.
-- What the project depends on must not depend on the company, so that it is parsed once for all nights:
-- depends_on: {{ ref('int_subscriptions') }}, {{ ref('int_recurring_lines') }}, {{ ref('int_subscription_months') }}, {{ ref('int_orders') }}
-- depends_on: {{ canonical('billing_payments') }}
{% if var('business_model') == 'contractual' %}
with subscriptions as (
    select *, {{ list_price('subscriptions') }} > 0 as has_list_price
    from {{ ref('int_subscriptions') }} as subscriptions
    where can_pay
),

lines as (
    select * from {{ ref('int_recurring_lines') }}
),

billed as (
    select
        source_name,
        subscription_id,
        min(case when amount_minor > 0 then period_start end) as first_billed_at,
        min(case when not coalesce(is_discount, false) and period_start < {{ as_of_end() }} then period_start end) as first_line_at,
        max(case when amount_minor > 0 and invoice_status = 'paid' then period_end end) as paid_until
    from lines
    group by 1, 2
),

-- Running without revenue the last time that a month ended: free of charge since some term of theirs (decision 85).
unpriced as (
    select subscriptions.source_name, subscriptions.subscription_id, subscriptions.paid_from
    from subscriptions
    inner join {{ ref('int_subscription_months') }} as months
        on months.source_name = subscriptions.source_name
        and months.subscription_id = subscriptions.subscription_id
    where months.mrr <= 0 and months.month = case
        when subscriptions.ends_at is null then {{ as_of_month() }}
        else {{ add_months(month_of('subscriptions.ends_at'), -1) }}
    end
),

terms as (
    select
        unpriced.source_name,
        unpriced.subscription_id,
        greatest(lines.period_start, unpriced.paid_from) as term_start,
        sum(lines.amount_minor) as amount_minor
    from unpriced
    inner join lines on lines.source_name = unpriced.source_name and lines.subscription_id = unpriced.subscription_id
    where not coalesce(lines.is_addition, false)
        and lines.period_start < {{ as_of_end() }}
        and lines.period_end > unpriced.paid_from
    group by 1, 2, 3
    having min(case when lines.is_discount then 1 else 0 end) = 0
),

compared as (
    select
        *,
        max(case when amount_minor > 0 then term_start end) over (partition by source_name, subscription_id) as last_charged_at
    from terms
),

freed as (
    select source_name, subscription_id, min(term_start) as free_from
    from compared
    where amount_minor <= 0 and (last_charged_at is null or term_start > last_charged_at)
    group by 1, 2
),

paying as (
    select
        subscriptions.customer_key,
        -- free of charge until the first line that is not: nobody pays before it; what the first line of all bills is the price before it
        case
            when subscriptions.has_list_price or billed.first_billed_at = billed.first_line_at then subscriptions.paid_from
            else greatest(subscriptions.paid_from, billed.first_billed_at)
        end as paid_from,
        -- an unpaid subscription counts as long as it was paid for, unless it ended before
        least(
            case when subscriptions.status = 'unpaid' then coalesce(billed.paid_until, subscriptions.paid_from) end,
            subscriptions.ends_at,
            -- and a paid one until nothing is billed any more: whoever goes on free of charge has left
            freed.free_from
        ) as ends_at,
        subscriptions.has_list_price or billed.first_billed_at is not null as has_price
    from subscriptions
    left join billed
        on subscriptions.source_name = billed.source_name and subscriptions.subscription_id = billed.subscription_id
    left join freed
        on subscriptions.source_name = freed.source_name and subscriptions.subscription_id = freed.subscription_id
),

spells as (
    select
        customer_key,
        cast(paid_from as date) as first_day,
        -- the end is exclusive: who leaves during a day is not live at its end
        cast({{ add_days('cast(ends_at as date)', -1) }} as date) as last_day,
        cast(null as date) as voided_day
    from paying
    where has_price and paid_from is not null and (ends_at is null or cast(ends_at as date) > cast(paid_from as date))
)
{% else %}
with orders as (
    select * from {{ ref('int_orders') }}
    where ordered_amount_reporting > 0
),

payments as (
    select * from {{ canonical('billing_payments') }}
    where kind in ('refund', 'chargeback') and status = 'succeeded'
),

returned as (
    select
        source_name,
        invoice_id,
        cast(max(occurred_at) as date) as last_returned_day
    from payments
    group by 1, 2
),

spells as (
    select
        orders.customer_key,
        cast(orders.ordered_at as date) as first_day,
        cast(orders.ordered_at as date) as last_day,
        case when orders.net_amount_reporting <= 0 then returned.last_returned_day end as voided_day
    from orders
    left join returned
        on orders.source_name = returned.source_name and orders.order_id = returned.invoice_id
)
{% endif %}
select * from spells
