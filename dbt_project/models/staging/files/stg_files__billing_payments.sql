{{ renewed('rows', table='billing_payments') }}
with
newest as (
    {{ newest_versions('billing_payments') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

conformed as (
    select
        newest._source as source_name,
        newest.payment_id,
        newest.billing_customer_id,
        {{ filled('newest.invoice_id') }} as invoice_id,
        newest.kind,
        newest.status,
        newest.occurred_at,
        coalesce(newest.amount_minor, {{ to_whole_minor('newest.amount', 'currencies.exponent') }}) as amount_minor,
        upper({{ filled('newest.currency') }}) as currency,
        newest.failure_code
    from newest
    left join currencies on currencies.currency = upper({{ filled('newest.currency') }})
)

select * from conformed
