-- Which customer each record belongs to now: what every fact is joined by, so that a merge or a split takes the whole history along.
-- A source that hands over facts about people and no CRM records of its own means those of another source's CRM: an id that exactly one
-- CRM has is told under its name too (`named_elsewhere`). The gate accepts its rows by the same rule.
with
spans as (
    select * from {{ ref('int_identity_spans') }}
),

landed as (
    select source, table_name from {{ source('ops', 'source_freshness') }}
    where landed_rows > 0
),

current_spans as (
    select
        source_name,
        record_type,
        source_customer_id,
        customer_key,
        matched_by,
        valid_from
    from spans
    where valid_to is null
),

guests as (
    select distinct source as source_name
    from landed
    where table_name in ('crm_interactions', 'crm_consents', 'crm_actions', 'crm_referrals', 'crm_loyalty_events', 'crm_tickets')
        and source not in (select source from landed where table_name = 'crm_customers')
),

known_to_one_crm as (
    select
        source_customer_id,
        min(customer_key) as customer_key,
        min(valid_from) as valid_from
    from current_spans
    where record_type = 'crm'
    group by source_customer_id
    having count(*) = 1
),

named_elsewhere as (
    select
        guests.source_name,
        'crm' as record_type,
        known_to_one_crm.source_customer_id,
        known_to_one_crm.customer_key,
        'named_elsewhere' as matched_by,
        known_to_one_crm.valid_from
    from guests
    cross join known_to_one_crm
),

identified as (
    select * from current_spans
    union all
    select * from named_elsewhere
)

select * from identified
