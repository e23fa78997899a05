with
customers as (
    select * from {{ ref('int_customers') }}
),

lifecycle as (
    select * from {{ ref('int_customer_lifecycle') }}
),

-- The same answer as in customer_360: who has unsubscribed since the consent may not be written to.
permissions as (
    select * from {{ ref('int_contact_permissions') }}
),

described as (
    select
        customers.customer_key,
        case when customers.email is not null then {{ pseudonym('customers.email') }} end as primary_email_hash,
        customers.country,
        customers.region,
        customers.industry,
        customers.company_size,
        customers.acquisition_channel,
        customers.owner,
        customers.birth_year,
        customers.gender,
        customers.income_band,
        customers.plan,
        customers.first_seen_at,
        lifecycle.first_active_month,
        lifecycle.lifecycle_stage,
        lifecycle.is_active,
        customers.is_erased,
        customers.is_deleted,
        coalesce(permissions.can_email, false) as can_email,
        coalesce(permissions.can_sms, false) as can_sms,
        coalesce(permissions.can_phone, false) as can_phone,
        coalesce(permissions.can_push, false) as can_push
    from customers
    inner join lifecycle on lifecycle.customer_key = customers.customer_key
    left join permissions on permissions.customer_key = customers.customer_key
)

select * from described
