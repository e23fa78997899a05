with
newest as (
    {{ newest_versions('billing_invoice_lines') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

conformed as (
    select
        newest._source as source_name,
        newest.invoice_line_id,
        newest.invoice_id,
        newest.billing_customer_id,
        {{ filled('newest.subscription_id') }} as subscription_id,
        newest.kind,
        newest.issued_at,
        newest.period_start,
        newest.period_end,
        coalesce(newest.amount_minor, {{ to_whole_minor('newest.amount', 'currencies.exponent') }}) as amount_minor,
        upper({{ filled('newest.currency') }}) as currency,
        newest.quantity,
        newest.product,
        lower({{ filled('newest.invoice_status') }}) as invoice_status
    from newest
    left join currencies on currencies.currency = upper({{ filled('newest.currency') }})
)

select * from conformed
