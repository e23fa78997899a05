with responses as (
    select * from {{ ref('int_survey_responses') }}
),

published as (
    select
        response_id,
        source_name as source,
        customer_key,
        metric,
        score::double as score,
        score_0_100::double as score_0_100,
        nps_group as {{ adapter.quote('group') }},
        is_top_two,
        responded_at,
        sent_at,
        comment is not null as has_comment,
        survey_id,
        channel,
        touchpoint,
        scale_min::double as scale_min,
        scale_max::double as scale_max
    from responses
)

select * from published
