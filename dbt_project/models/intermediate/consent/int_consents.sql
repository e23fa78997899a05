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
        statements.source_name,
        statements.customer_id,
        statements.channel,
        statements.purpose,
        statements.status = 'granted' as is_granted,
        statements.recorded_at
    from statements
    inner join identities
        on statements.source_name = identities.source_name
        and statements.customer_id = identities.source_customer_id
),

{% if var('customer_level') == 'company' -%}
-- Contacts of a company speak each for themselves: what one has refused, another cannot grant.
spoken as (
    select *
    from pooled
    qualify row_number() over (
        partition by customer_key, source_name, customer_id, channel, purpose
        order by recorded_at desc, case when is_granted then 1 else 0 end
    ) = 1
),
{%- else -%}
spoken as (
    select * from pooled
),
{%- endif %}

ordered as (
    select
        *,
        -- granted and withdrawn in the same instant: withdrawn wins
        row_number() over (
            partition by customer_key, channel, purpose
            order by
                {%- if var('customer_level') == 'company' %}
                case when is_granted then 1 else 0 end,
                {%- endif %}
                recorded_at desc,
                case when is_granted then 1 else 0 end
        ) as recency
    from spoken
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
