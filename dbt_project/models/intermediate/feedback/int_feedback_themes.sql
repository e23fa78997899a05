-- Which themes a comment touches: those that one of its words stands for, and those that the reader found.
with words as (
    select * from {{ ref('int_feedback_words') }}
),

readings as (
    select * from {{ ref('int_feedback_readings') }}
),

told as (
    select feedback_id, theme from words
    union all
    select feedback_id, {{ explode_words('themes') }} as theme from readings
),

touched as (
    select distinct feedback_id, theme
    from told
    where theme <> ''
)

select * from touched
