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
    where responses.sent_at is not null and recorded_surveys.survey is null
),

-- what a survey asks is known from its answers; one that has none yet may ask for anything
survey_metrics as (
    select
        source_name,
        survey_id,
        bool_or(metric = 'nps') as asks_nps
    from responses
    where survey_id is not null
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
        and recorded.survey_id = survey_metrics.survey_id
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
