with feedback as (
    select * from {{ ref('int_feedback') }}
),

closed_loops as (
    select * from {{ ref('int_closed_loops') }}
),

words as (
    select * from {{ ref('int_feedback_words') }}
),

readings as (
    select * from {{ ref('int_feedback_readings') }}
),

-- a word that belongs to two themes is one word
weighed as (
    select
        feedback_id,
        avg(polarity)::double as polarity
    from (select distinct feedback_id, word, polarity from words where polarity is not null) as distinct_words
    group by 1
),

themed as (
    select
        feedback_id,
        {{ sorted_list('theme') }} as themes
    from {{ ref('int_feedback_themes') }}
    group by 1
),

described as (
    select
        feedback.feedback_id,
        feedback.origin,
        feedback.source_name as source,
        feedback.response_id,
        feedback.ticket_id,
        feedback.customer_key,
        feedback.said_at,
        feedback.language,
        feedback.comment,
        feedback.metric,
        feedback.score::double as score,
        feedback.score_0_100::double as score_0_100,
        feedback.nps_group as {{ adapter.quote('group') }},
        {{ tone('readings.tone', 'weighed.polarity') }} as sentiment,
        themed.themes,
        closed_loops.closed_loop_due_at,
        closed_loops.followed_up_at,
        closed_loops.followed_up_in_time
    from feedback
    left join weighed on feedback.feedback_id = weighed.feedback_id
    left join readings on feedback.feedback_id = readings.feedback_id
    left join themed on feedback.feedback_id = themed.feedback_id
    left join closed_loops on feedback.feedback_id = closed_loops.feedback_id
)

select * from described
