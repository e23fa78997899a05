with
newest as (
    {{ newest_versions('exchange_rates') }}
),

conformed as (
    select
        newest._source as source_name,
        upper({{ filled('newest.currency') }}) as currency,
        newest.rate_date,
        newest.rate_to_reporting
    from newest
)

select * from conformed
