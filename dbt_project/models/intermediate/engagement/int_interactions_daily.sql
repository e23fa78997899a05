-- The largest table of the warehouse, read once and counted by day; after this only the follow-ups of detractors look into it again.
-- Of a company its contacts are told apart: each gets a message of their own, and opens it or not.
{{ renewed('customers') }}
with interactions as (
    select *
    from {{ canonical('crm_interactions') }} as interactions
    {%- if continues() %}
    where {{ touched_record('crm', 'interactions', 'customer_id') }}
    {%- endif %}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'crm'
),

counted as (
    select
        identities.customer_key,
        interactions.occurred_at::date as day,
        interactions.channel,
        interactions.kind,
        interactions.direction,
        interactions.source_name,
        interactions.campaign_id,
        {% if var('customer_level') == 'company' -%}
        interactions.customer_id
        {%- else -%}
        cast(null as {{ dbt.type_string() }})
        {%- endif %} as contact,
        count(*)::bigint as interactions,
        sum(interactions.quantity)::decimal(38, 8) as quantity,
        min(interactions.occurred_at) as first_at,
        max(interactions.occurred_at) as last_at
    from interactions
    left join identities
        on interactions.source_name = identities.source_name
        and interactions.customer_id = identities.source_customer_id
    group by 1, 2, 3, 4, 5, 6, 7, 8
)

select * from counted
