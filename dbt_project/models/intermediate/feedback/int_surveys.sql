-- What each survey asks for, and whether it is known whom it was sent to. An answer or an invitation that names no survey (`survey` '') may
-- belong to any of its source.
with responses as (
    select
        source_name,
        coalesce(survey_id, '') as survey,
        bool_or(metric = 'nps') as is_nps
    from {{ canonical('survey_responses') }}
    group by 1, 2
),

invitations as (
    select distinct source_name, coalesce(survey_id, '') as survey from {{ canonical('survey_invitations') }}
),

seen as (
    select source_name, survey from responses
    union
    select source_name, survey from invitations
),

-- what a survey asks is known from its answers; one that has none yet may ask for anything
described as (
    select
        seen.source_name,
        seen.survey,
        coalesce(responses.is_nps, true) as is_nps,
        responses.is_nps and invitations.survey is null as lacks_invitations,
        invitations.survey is not null as is_invited
    from seen
    left join responses on seen.source_name = responses.source_name and seen.survey = responses.survey
    left join invitations on seen.source_name = invitations.source_name and seen.survey = invitations.survey
),

sources as (
    select
        source_name,
        bool_or(is_invited) as has_invitations,
        bool_or(is_invited and survey = '') as has_unnamed_invitations,
        bool_or(coalesce(lacks_invitations, false)) as has_nps_without_invitations
    from described
    group by source_name
),

judged as (
    select
        described.source_name,
        described.survey,
        -- an invitation without a name may be that of a named survey which asks for a recommendation and has none of its own
        described.is_nps or (described.survey = '' and sources.has_nps_without_invitations) as asks_nps,
        described.is_invited
        or sources.has_unnamed_invitations
        or (described.survey = '' and sources.has_invitations) as has_invitations
    from described
    inner join sources on described.source_name = sources.source_name
)

select * from judged
