-- What features know of a customer beside orders, subscriptions, payments and interactions, of which int_touched_payers tells what has
-- changed: a number that another row, a row less or another customer changes. Remainders of hashes, so that the sum of millions fits.
{%- set facts = {
    'tickets': ['source_name', 'ticket_id', 'opened_at', 'solved_at', 'priority'],
    'responses': ['source_name', 'response_id', 'metric', 'score', 'score_0_100', 'responded_at'],
    'referrals': ['source_name', 'referral_id', 'side', 'referred_at', 'converted_at'],
    'loyalty_events': ['source_name', 'loyalty_event_id', 'kind', 'points', 'occurred_at'],
    'attributes': ['version_number', 'known_from'] + attribute_columns(),
} %}
with identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'crm'
),

tickets as (
    select * from {{ ref('int_tickets') }}
),

responses as (
    select * from {{ ref('int_survey_responses') }}
),

attributes as (
    select * from {{ ref('int_attribute_versions') }}
),

sides as (
    select *, referrer_customer_id as customer_id, 'referrer' as side from {{ canonical('crm_referrals') }}
    union all
    select *, referred_customer_id as customer_id, 'referred' as side from {{ canonical('crm_referrals') }}
),

referrals as (
    select identities.customer_key, sides.*
    from sides
    inner join identities
        on sides.source_name = identities.source_name and sides.customer_id = identities.source_customer_id
),

loyalty_events as (
    select identities.customer_key, events.*
    from {{ canonical('crm_loyalty_events') }} as events
    inner join identities
        on events.source_name = identities.source_name and events.customer_id = identities.source_customer_id
),

hashed as (
    {%- for fact, columns in facts.items() %}
    select customer_key, {{ row_hash(columns, fact) }} % 1099511627776 as fact_hash from {{ fact }} where customer_key is not null
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

summed as (
    select customer_key, cast(sum(fact_hash) as bigint) as facts_hash
    from hashed
    group by 1
)

select * from summed
