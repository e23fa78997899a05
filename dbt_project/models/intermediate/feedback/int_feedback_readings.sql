-- What the reader of comments made of each of them; a text is found again by its hash.
with feedback as (
    select
        feedback_id,
        {{ pseudonym('comment') }} as text_hash
    from {{ ref('int_feedback') }}
    where comment is not null
),

readings as (
    select * from {{ source('ml', 'comment_readings') }}
),

found as (
    select
        feedback.feedback_id,
        readings.themes,
        readings.tone
    from feedback
    inner join readings on feedback.text_hash = readings.text_hash
)

select * from found
