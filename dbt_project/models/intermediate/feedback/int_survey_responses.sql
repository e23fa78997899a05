-- Every scored answer with the person who gave it, its group and its place on its own scale.
with responses as (
    select * from {{ canonical('survey_responses') }}
),

{{ with_survey_people('responses', row_id='response_id') }},

scored as (
    select
        source_name,
        response_id,
        customer_key,
        respondent_key,
        survey_id,
        metric,
        score,
        scale_min,
        scale_max,
        (100.0 * (score - scale_min)::double / nullif(scale_max - scale_min, 0)::double)::decimal(12, 8) as score_0_100,
        {{ nps_group('metric', 'score') }} as nps_group,
        case when metric in ('csat', 'ces') then {{ in_top_two_boxes('score', 'scale_min', 'scale_max') }} end as is_top_two,
        responded_at,
        sent_at,
        channel,
        touchpoint,
        {{ filled('comment') }} as comment,
        {{ filled('lower(language)') }} as language
    from identified
)

select * from scored
