-- On which channel and for which purpose may a customer be contacted tonight? Only a granted statement makes a row. Whoever
-- unsubscribed or complained on the channel since the statement (or on the same day) has refused it; who left no address, or whose
-- record was deleted, cannot be reached. Of a company, an address is one contact's: only what that contact granted opens it.
-- depends_on: {{ ref('int_contact_consents') }}, {{ canonical('crm_customers') }}
with customers as (
    select * from {{ ref('int_customers') }}
),

consents as (
    select * from {{ ref('int_consents') }}
    where is_granted
),

interactions as (
    select * from {{ ref('int_interactions_daily') }}
),

refusals as (
    select
        customer_key,
        channel,
        max(day) as refused_day
    from interactions
    where kind in ('unsubscribed', 'complained')
    group by 1, 2
),

{% if var('customer_level') == 'company' -%}
granted as (
    select
        spoken.customer_key,
        spoken.channel,
        spoken.purpose,
        max(spoken.recorded_at) as granted_at
    from {{ ref('int_contact_consents') }} as spoken
    inner join customers on spoken.customer_key = customers.customer_key
    inner join {{ canonical('crm_customers') }} as contacts
        on spoken.source_name = contacts.source_name
        and spoken.source_customer_id = contacts.customer_id
    where spoken.is_granted
        and case
            when spoken.channel = 'email' then contacts.email = customers.email
            when spoken.channel in ('sms', 'phone') then contacts.phone = customers.phone
            else true
        end
    group by 1, 2, 3
),
{%- else -%}
granted as (
    select
        customer_key,
        channel,
        purpose,
        recorded_at as granted_at
    from consents
),
{%- endif %}

compared as (
    select
        consents.customer_key,
        consents.channel,
        consents.purpose,
        granted.granted_at is not null
        and not coalesce(refusals.refused_day >= cast(granted.granted_at as date), false)
        and not customers.is_deleted
        and not customers.is_erased
        and case
            when consents.channel = 'email' then customers.email is not null
            when consents.channel in ('sms', 'phone') then customers.phone is not null
            else true
        end as is_reachable
    from consents
    inner join customers on consents.customer_key = customers.customer_key
    left join granted
        on consents.customer_key = granted.customer_key and consents.channel = granted.channel and consents.purpose = granted.purpose
    left join refusals
        on consents.customer_key = refusals.customer_key and consents.channel = refusals.channel
)

select * from compared
