{{ config(severity='warn') }}
-- A source hands over invoice lines and payments, and not one of its payments names an invoice: each stands for an order of its own beside
-- the invoice that it paid, so that what was bought counts twice. A row a source: have it export `invoice_id` of billing_payments.
with billed as (
    select distinct source_name from {{ canonical('billing_invoice_lines') }}
),

paid as (
    select
        source_name,
        count(*) as payments,
        count(invoice_id) as naming_an_invoice
    from {{ canonical('billing_payments') }}
    where kind = 'payment' and status = 'succeeded'
    group by source_name
)

select
    paid.source_name,
    paid.payments
from paid
inner join billed on paid.source_name = billed.source_name
where paid.naming_an_invoice = 0
