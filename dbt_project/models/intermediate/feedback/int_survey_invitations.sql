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

recorded_surveys as (
    select distinct source_name, coalesce(survey_id, '') as survey from recorded
),

recorded_sources as (
    select source_name, bool_or(survey_id is null) as has_unnamed from recorded
    group by source_name
),

told as (
    select
        responses.source_name,
        responses.response_id as invitation_id,
        responses.customer_id,
        responses.email,
        responses.survey_id,
        responses.sent_at,
        responses.channel,
        responses.metric
    from responses
    left join recorded_surveys
        on responses.source_name = recorded_surveys.source_name
        and coalesce(responses.survey_id, '') = recorded_surveys.survey
    left join recorded_sources on responses.source_name = recorded_sources.source_name
    where responses.sent_at is not null
        and recorded_surveys.survey is null
        -- an answer or an invitation that names no survey may belong to any: what is recorded is not counted again
        and (
            recorded_sources.source_name is null
            or (responses.survey_id is not null and not recorded_sources.has_unnamed)
        )
),

-- what a survey asks is known from its answers; one that has none yet may ask for anything
survey_metrics as (
    select
        source_name,
        coalesce(survey_id, '') as survey,
        bool_or(metric = 'nps') as asks_nps
    from responses
    group by 1, 2
),

invitations as (
    select
        recorded.*,
        coalesce(survey_metrics.asks_nps, true) as asks_nps,
        true as is_recorded
    from recorded
    left join survey_metrics
        on recorded.source_name = survey_metrics.source_name
        and coalesce(recorded.survey_id, '') = survey_metrics.survey
    union all
    select
        source_name,
        invitation_id,
        customer_id,
        email,
        survey_id,
        sent_at,
        channel,
        metric = 'nps' as asks_nps,
        false as is_recorded
    from told
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
