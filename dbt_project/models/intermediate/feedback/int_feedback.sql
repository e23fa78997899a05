-- What customers said, from surveys and tickets alike: everything with words, and every detractor, for whom a follow-up is due.
with responses as (
    select * from {{ ref('int_survey_responses') }}
),

tickets as (
    select * from {{ ref('int_tickets') }}
),

said as (
    select
        'survey' as origin,
        source_name,
        response_id,
        cast(null as {{ dbt.type_string() }}) as ticket_id,
        customer_key,
        responded_at as said_at,
        language,
        comment,
        metric,
        score,
        score_0_100,
        nps_group
    from responses
    where comment is not null or nps_group = 'detractor'
    union all
    select
        'ticket',
        source_name,
        null,
        ticket_id,
        customer_key,
        opened_at,
        null,
        {{ filled('text') }},
        'none',
        null,
        null,
        null
    from tickets
    where {{ filled('text') }} is not null
),

keyed as (
    select
        {{ stable_key(['origin', 'source_name', 'coalesce(response_id, ticket_id)']) }} as feedback_id,
        said.*
    from said
)

select * from keyed
