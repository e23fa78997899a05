-- What was billed for subscriptions: recurring lines, and the discounts that reduce them, of invoices that stand.
{{ renewed('accounts') }}
with
lines as {{ inlined() }} (
    select *
    from {{ canonical('billing_invoice_lines') }} as lines
    where kind in ('recurring', 'discount') and coalesce(invoice_status, 'open') not in ('draft', 'void')
        {%- if continues() %}
        and {{ touched_record('billing', 'lines', 'billing_customer_id') }}
        {%- endif %}
),

subscriptions as (
    select * from {{ canonical('billing_subscriptions') }}
),

recurring as (
    select * from lines where kind = 'recurring' and subscription_id is not null
),

discounts as (
    select * from lines where kind = 'discount'
),

-- A discount that names no subscription or no period takes those of the only subscription on its invoice.
discounted_invoices as (
    select
        recurring.source_name,
        recurring.invoice_id,
        min(recurring.subscription_id) as subscription_id,
        min(recurring.period_start) as period_start,
        max(recurring.period_end) as period_end
    from recurring
    where exists (
        select 1 from discounts
        where discounts.source_name = recurring.source_name and discounts.invoice_id = recurring.invoice_id
    )
    group by recurring.source_name, recurring.invoice_id
    having count(distinct recurring.subscription_id) = 1
),

placed_discounts as (
    select
        discounts.source_name,
        discounts.billing_customer_id,
        coalesce(discounts.subscription_id, discounted_invoices.subscription_id) as subscription_id,
        discounts.invoice_id,
        discounts.invoice_status,
        discounts.issued_at,
        coalesce(discounts.period_start, discounted_invoices.period_start, discounts.issued_at) as period_start,
        coalesce(discounts.period_end, discounted_invoices.period_end) as period_end,
        -abs(discounts.amount_minor) as amount_minor,
        discounts.currency,
        discounts.product
    from discounts
    left join discounted_invoices
        on discounted_invoices.source_name = discounts.source_name
        and discounted_invoices.invoice_id = discounts.invoice_id
),

-- What is taken back lowers a price as a discount does.
placed as (
    select
        source_name,
        billing_customer_id,
        subscription_id,
        invoice_id,
        invoice_status,
        issued_at,
        coalesce(period_start, issued_at) as period_start,
        period_end,
        amount_minor,
        currency,
        amount_minor < 0 as is_discount
    from recurring
    union all
    select
        source_name,
        billing_customer_id,
        subscription_id,
        invoice_id,
        invoice_status,
        issued_at,
        period_start,
        period_end,
        amount_minor,
        currency,
        true as is_discount
    from placed_discounts
    where subscription_id is not null
),

-- A line that does not say for how long it is, is for one billing period.
counted as (
    select
        placed.source_name,
        placed.billing_customer_id,
        placed.subscription_id,
        placed.invoice_id,
        placed.invoice_status,
        placed.issued_at,
        placed.period_start,
        coalesce(
            placed.period_end,
            {{ period_after('placed.period_start', 'subscriptions.interval', 'subscriptions.interval_count') }}
        ) as period_end,
        placed.amount_minor,
        placed.currency,
        placed.is_discount
    from placed
    left join subscriptions
        on subscriptions.source_name = placed.source_name
        and subscriptions.subscription_id = placed.subscription_id
)

select * from counted
