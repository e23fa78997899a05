-- Which themes a comment touches.
with words as (
    select * from {{ ref('int_feedback_words') }}
),

touched as (
    select distinct feedback_id, theme
    from words
    where theme is not null
)

select * from touched
