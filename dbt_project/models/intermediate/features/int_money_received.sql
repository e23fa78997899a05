-- Money that moved, net of tax: every succeeded payment, refund and chargeback at the day it happened, less the tax share of its
-- invoice. Where a source has no payments at all (refunds alone are none), its paid invoices count as received when they were
-- issued; its customers would otherwise never have paid.
{{ renewed('customers') }}
with payments as {{ inlined() }} (
    select * from {{ canonical('billing_payments') }}
),

lines as (
    select *
    from {{ canonical('billing_invoice_lines') }} as lines
    {%- if continues() %}
    where {{ touched_record('billing', 'lines', 'billing_customer_id') }}
    {%- endif %}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'billing'
),

invoices as (
    select
        source_name,
        invoice_id,
        currency,
        min(billing_customer_id) as billing_customer_id,
        cast(min(issued_at) as date) as issued_day,
        max(invoice_status) as invoice_status,
        cast(sum(amount_minor) as double) as total_minor,
        cast(sum(case when kind = 'tax' then 0 else amount_minor end) as double) as net_minor
    from lines
    group by source_name, invoice_id, currency
),

-- Which share of an invoice is not tax, in whatever currency it is paid.
shares as (
    select source_name, invoice_id, sum(net_minor) / nullif(sum(total_minor), 0) as net_share
    from invoices
    group by source_name, invoice_id
),

moved as (
    select
        payments.source_name,
        payments.billing_customer_id,
        cast(payments.occurred_at as date) as received_day,
        payments.currency,
        -- a refund takes money away, whether its source writes it with a sign or without
        case when payments.kind = 'payment' then payments.amount_minor else -abs(payments.amount_minor) end
        * coalesce(shares.net_share, 1) as amount_minor
    from payments
    left join shares
        on payments.source_name = shares.source_name and payments.invoice_id = shares.invoice_id
    where payments.status = 'succeeded'
        {%- if continues() %}
        and {{ touched_record('billing', 'payments', 'billing_customer_id') }}
        {%- endif %}
),

unrecorded as (
    select
        invoices.source_name,
        invoices.billing_customer_id,
        invoices.issued_day,
        invoices.currency,
        invoices.net_minor
    from invoices
    left join (select distinct source_name from payments where kind = 'payment') as paying on invoices.source_name = paying.source_name
    where paying.source_name is null and coalesce(invoices.invoice_status, 'paid') = 'paid'
),

combined as (
    select * from moved
    union all
    select * from unrecorded
),

converted as (
    select
        identities.customer_key,
        combined.received_day,
        combined.currency,
        {{ to_reporting('combined.amount_minor') }} as amount_reporting
    from combined
    inner join identities
        on combined.source_name = identities.source_name
        and combined.billing_customer_id = identities.source_customer_id
    {{ join_rate('combined.currency', 'combined.received_day') }}
)

select * from converted
