-- On which channel and for which purpose may a customer be contacted tonight? Only a granted statement makes a row. Whoever
-- unsubscribed or complained on the channel since the statement (or on the same day) has refused it; who left no address, or whose
-- record was deleted, cannot be reached.
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

compared as (
    select
        consents.customer_key,
        consents.channel,
        consents.purpose,
        not coalesce(refusals.refused_day >= cast(consents.recorded_at as date), false)
        and not customers.is_deleted
        and not customers.is_erased
        and case
            when consents.channel = 'email' then customers.email is not null
            when consents.channel in ('sms', 'phone') then customers.phone is not null
            else true
        end as is_reachable
    from consents
    inner join customers on consents.customer_key = customers.customer_key
    left join refusals
        on consents.customer_key = refusals.customer_key and consents.channel = refusals.channel
)

select * from compared
