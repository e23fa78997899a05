-- What did the customer last say about a channel and purpose? Nothing said is no row, and no row is no consent.
with statements as (
    select * from {{ canonical('crm_consents') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'crm'
),

pooled as (
    -- merged records speak for one customer: their statements are one history
    select
        identities.customer_key,
        statements.channel,
        statements.purpose,
        statements.status = 'granted' as is_granted,
        statements.recorded_at
    from statements
    inner join identities
        on statements.source_name = identities.source_name
        and statements.customer_id = identities.source_customer_id
),

ordered as (
    select
        *,
        -- granted and withdrawn in the same instant: withdrawn wins
        row_number() over (
            partition by customer_key, channel, purpose
            order by recorded_at desc, case when is_granted then 1 else 0 end
        ) as recency
    from pooled
),

latest as (
    select
        customer_key,
        channel,
        purpose,
        is_granted,
        recorded_at
    from ordered
    where recency = 1
)

select * from latest
