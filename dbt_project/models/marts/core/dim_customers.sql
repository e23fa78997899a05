with
customers as (
    select * from {{ ref('int_customers') }}
),

lifecycle as (
    select * from {{ ref('int_customer_lifecycle') }}
),

consents as (
    select * from {{ ref('int_consents') }} where purpose = 'marketing' and is_granted
),

-- Nobody who has not said yes may be written to: an unknown consent is no consent.
permissions as (
    select
        customer_key,
        bool_or(channel = 'email') as can_email,
        bool_or(channel = 'sms') as can_sms,
        bool_or(channel = 'phone') as can_phone,
        bool_or(channel = 'push') as can_push
    from consents
    group by customer_key
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
        customers.email is not null and coalesce(permissions.can_email, false) as can_email,
        customers.phone is not null and coalesce(permissions.can_sms, false) as can_sms,
        customers.phone is not null and coalesce(permissions.can_phone, false) as can_phone,
        not customers.is_deleted and coalesce(permissions.can_push, false) as can_push
    from customers
    inner join lifecycle on lifecycle.customer_key = customers.customer_key
    left join permissions on permissions.customer_key = customers.customer_key
)

select * from described
