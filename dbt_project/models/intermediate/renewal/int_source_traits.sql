-- What metrics ask of a source as a whole: which channels report deliveries, whether payments are recorded, in which month all begins.
-- Where one of these changes, every customer's numbers may.
with interactions as (
    select * from {{ canonical('crm_interactions') }}
),

payments as (
    select * from {{ canonical('billing_payments') }}
),

months as (
    select * from {{ ref('int_months') }}
),

traits as (
    select distinct 'reports_deliveries' as trait, source_name, channel as detail
    from interactions
    where kind = 'delivered'
    union all
    select distinct 'records_payments' as trait, source_name, '' as detail
    from payments
    where kind = 'payment'
    union all
    select 'first_month' as trait, '' as source_name, cast(min(month) as {{ dbt.type_string() }}) as detail
    from months
)

select * from traits
