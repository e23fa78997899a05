-- Orders, net of tax, discounts, refunds and chargebacks: an invoice that stands, or a payment for which no invoice line exists.
{{ renewed('customers') }}
with
lines as {{ inlined() }} (
    select *
    from {{ canonical('billing_invoice_lines') }} as lines
    {%- if continues() %}
    where {{ touched_record('billing', 'lines', 'billing_customer_id') }}
    {%- endif %}
),

-- What was paid for an invoice that does not stand, and given back, was no order.
void as (
    select doubted.source_name, doubted.invoice_id
    from (select distinct source_name, invoice_id from lines where invoice_status in ('draft', 'void')) as doubted
    left join lines as standing
        on standing.source_name = doubted.source_name
        and standing.invoice_id = doubted.invoice_id
        and coalesce(standing.invoice_status, 'open') not in ('draft', 'void')
    where standing.invoice_id is null
),

payments as {{ inlined() }} (
    select payments.*
    from {{ canonical('billing_payments') }} as payments
    left join void
        on void.source_name = payments.source_name
        and void.invoice_id = payments.invoice_id
    where payments.status = 'succeeded'
        and void.invoice_id is null
        {%- if continues() %}
        and {{ touched_record('billing', 'payments', 'billing_customer_id') }}
        {%- endif %}
),

identities as (
    select * from {{ ref('int_customer_identities') }} where record_type = 'billing'
),

invoices as (
    select
        source_name,
        invoice_id as order_id,
        invoice_id,
        min(billing_customer_id) as billing_customer_id,
        min(issued_at) as ordered_at,
        currency,
        coalesce(sum(amount_minor) filter (where kind <> 'tax'), 0) as net_minor,
        coalesce(sum(amount_minor), 0) as gross_minor,
        'invoice' as order_kind
    from lines
    where coalesce(invoice_status, 'open') not in ('draft', 'void')
    group by source_name, invoice_id, currency
),

-- Payments of an invoice whose lines no source has stand for it.
unbilled as (
    select payments.*
    from payments
    left join (select distinct source_name, invoice_id from lines) as billed
        on billed.source_name = payments.source_name
        and billed.invoice_id = payments.invoice_id
    where payments.kind = 'payment' and billed.invoice_id is null
),

paid as (
    select
        source_name,
        coalesce(invoice_id, payment_id) as order_id,
        invoice_id,
        min(billing_customer_id) as billing_customer_id,
        min(occurred_at) as ordered_at,
        currency,
        sum(amount_minor) as net_minor,
        sum(amount_minor) as gross_minor,
        'payment' as order_kind
    from unbilled
    group by source_name, coalesce(invoice_id, payment_id), invoice_id, currency
),

orders as (
    select * from invoices
    union all
    select * from paid
),

{{ given_back('orders', 'payments') }},

returned as (
    select
        source_name,
        invoice_id,
        order_currency as currency,
        sum(order_minor) as returned_minor,
        bool_or(currency <> order_currency) as is_converted
    from given_back
    where order_currency is not null
    group by source_name, invoice_id, order_currency
),

-- A refund returns tax as well: only its share of the net amount reduces the order, so that a full refund leaves exactly nothing. In another
-- currency than the order's, what differs by less than a hundredth is the rounding of rates.
netted as (
    select
        orders.source_name,
        orders.order_id,
        orders.order_kind,
        orders.billing_customer_id,
        orders.ordered_at,
        orders.currency,
        cast(orders.net_minor as bigint) as ordered_minor,
        cast(
            orders.net_minor - coalesce(
                round(
                    case
                        when returned.is_converted and abs(returned.returned_minor - orders.gross_minor) * 100 < orders.gross_minor
                            then orders.gross_minor
                        else returned.returned_minor
                    end * coalesce(cast(orders.net_minor as double) / nullif(orders.gross_minor, 0), 1), 0
                ), 0
            ) as bigint
        ) as net_amount_minor
    from orders
    left join returned
        on returned.source_name = orders.source_name
        and returned.invoice_id = orders.invoice_id
        and returned.currency = orders.currency
),

-- Money given back for no known order is an order below zero: totals stay right, and it is no purchase.
loose_returns as (
    select
        source_name,
        payment_id as order_id,
        'return' as order_kind,
        billing_customer_id,
        occurred_at as ordered_at,
        currency,
        cast(0 as bigint) as ordered_minor,
        -amount_minor as net_amount_minor
    from given_back
    where order_currency is null
),

all_orders as (
    select * from netted
    union all
    select * from loose_returns
),

converted as (
    select
        all_orders.source_name,
        all_orders.order_id,
        all_orders.order_kind,
        identities.customer_key,
        all_orders.ordered_at,
        all_orders.net_amount_minor,
        all_orders.currency,
        cast(cast(all_orders.net_amount_minor as double) / rates.minor_units as decimal(28, 4)) as net_amount,
        -- before anything was given back: what was known on the day of the order
        {{ to_reporting('all_orders.ordered_minor') }} as ordered_amount_reporting,
        {{ to_reporting('all_orders.net_amount_minor') }} as net_amount_reporting
    from all_orders
    inner join identities
        on identities.source_name = all_orders.source_name
        and identities.source_customer_id = all_orders.billing_customer_id
    {{ join_rate('all_orders.currency', 'cast(all_orders.ordered_at as date)') }}
)

select * from converted
