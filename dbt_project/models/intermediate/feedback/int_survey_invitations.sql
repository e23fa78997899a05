-- Who was asked, when, and whether for a recommendation. A survey without any recorded invitation gives those its answers tell of.
with recorded as (
    select
        source_name,
        invitation_id,
        customer_id,
        email,
        survey_id,
        sent_at,
        channel
    from {{ canonical('survey_invitations') }}
),

responses as (
    select * from {{ canonical('survey_responses') }}
),

surveys as (
    select * from {{ ref('int_surveys') }}
),

invitations as (
    select
        recorded.*,
        surveys.asks_nps,
        true as is_recorded
    from recorded
    inner join surveys
        on recorded.source_name = surveys.source_name
        and coalesce(recorded.survey_id, '') = surveys.survey
    union all
    -- what is recorded is not counted again
    select
        responses.source_name,
        responses.response_id as invitation_id,
        responses.customer_id,
        responses.email,
        responses.survey_id,
        responses.sent_at,
        responses.channel,
        responses.metric = 'nps' as asks_nps,
        false as is_recorded
    from responses
    inner join surveys
        on responses.source_name = surveys.source_name
        and coalesce(responses.survey_id, '') = surveys.survey
    where responses.sent_at is not null and not surveys.has_invitations
),

{{ with_survey_people('invitations', row_id='invitation_id') }},

published as (
    select
        source_name,
        invitation_id,
        customer_key,
        respondent_key,
        survey_id,
        sent_at,
        channel,
        asks_nps,
        is_recorded
    from identified
)

select * from published
