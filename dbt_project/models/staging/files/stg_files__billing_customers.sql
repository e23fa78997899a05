{{ renewed('rows', table='billing_customers') }}
with
newest as (
    {{ newest_versions('billing_customers') }}
),

conformed as (
    select
        newest._source as source_name,
        newest.billing_customer_id,
        {{ filled('newest.customer_id') }} as customer_id,
        lower({{ filled('newest.email') }}) as email,
        newest.created_at,
        upper({{ filled('newest.currency') }}) as currency,
        coalesce(
            {{ known('newest.deleted_at') }},
            case when newest.has_vanished then cast({{ as_of_date() }} as timestamp) end
        ) as deleted_at
    from newest
)

select * from conformed
