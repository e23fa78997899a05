-- The days on whose end a customer is live, by the business model: a paying subscription from its first paid day on, or the one day
-- of a purchase. `voided_day` is when a purchase was given back in full, so that a past cut-off may still know it.
-- What the project depends on must not depend on the company, so that it is parsed once for all nights:
-- depends_on: {{ ref('int_subscriptions') }}, {{ ref('int_recurring_lines') }}, {{ ref('int_orders') }}, {{ canonical('billing_payments') }}
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

paying as (
    select
        subscriptions.customer_key,
        -- free of charge until the first line that is not: nobody pays before it; what the first line of all bills is the price before it
        case
            when subscriptions.has_list_price or billed.first_billed_at = billed.first_line_at then subscriptions.paid_from
            else greatest(subscriptions.paid_from, billed.first_billed_at)
        end as paid_from,
        -- an unpaid subscription counts as long as it was paid for, unless it ended before
        case
            when subscriptions.status = 'unpaid' then least(coalesce(billed.paid_until, subscriptions.paid_from), subscriptions.ends_at)
            else subscriptions.ends_at
        end as ends_at,
        subscriptions.has_list_price or billed.first_billed_at is not null as has_price
    from subscriptions
    left join billed
        on subscriptions.source_name = billed.source_name and subscriptions.subscription_id = billed.subscription_id
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
