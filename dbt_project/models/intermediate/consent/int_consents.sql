-- What did the customer last say about a channel and purpose? Nothing said is no row, and no row is no consent.
-- What the project depends on must not depend on the company:
-- depends_on: {{ ref('int_contact_consents') }}, {{ ref('int_customer_identities') }}, {{ canonical('crm_consents') }}
{% if var('customer_level') == 'company' -%}
-- Contacts of a company speak each for themselves: what one has refused, another cannot grant.
with spoken as (
    select * from {{ ref('int_contact_consents') }}
),
{%- else -%}
-- Merged records speak for one customer: their statements are one history.
with spoken as (
    select
        identities.customer_key,
        statements.channel,
        statements.purpose,
        statements.status = 'granted' as is_granted,
        statements.recorded_at
    from {{ canonical('crm_consents') }} as statements
    inner join {{ ref('int_customer_identities') }} as identities
        on statements.source_name = identities.source_name
        and statements.customer_id = identities.source_customer_id
        and identities.record_type = 'crm'
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
