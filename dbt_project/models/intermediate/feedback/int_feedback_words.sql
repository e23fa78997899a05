-- Which words of the theme and sentiment word lists a comment uses. A word after a negation counts against its usual sense.
with feedback as (
    select * from {{ ref('int_feedback') }}
    where comment is not null
),

themes as (
    select * from {{ ref('feedback_themes') }}
),

sentiments as (
    select * from {{ ref('feedback_sentiments') }}
),

lexicon as (
    select language, replace(word, '*', '%') as pattern, theme, cast(null as decimal(4, 2)) as polarity from themes
    union all
    select language, replace(word, '*', '%'), null, cast(polarity as decimal(4, 2)) from sentiments
),

spoken as (
    select
        feedback_id,
        substr(language, 1, 2) as language,
        {{ explode_words(plain_words('comment')) }} as token
    from feedback
),

words as (
    select distinct
        feedback_id,
        -- texts in a language without word lists, or without a stated one, are matched against all of them
        case when language in (select language from lexicon) then language else 'any' end as language,
        replace(token, '!', '') as word,
        token like '!%' as is_negated
    from spoken
    where length(token) > 1
),

vocabulary as (
    select distinct language, word from words
),

-- words are looked up once each, not once per comment; three letters narrow the search, the pattern decides
known_words as (
    select distinct
        vocabulary.language,
        vocabulary.word,
        lexicon.theme,
        lexicon.polarity
    from vocabulary
    inner join lexicon
        on substr(vocabulary.word, 1, 3) = substr(lexicon.pattern, 1, 3)
        and vocabulary.word like lexicon.pattern
        and vocabulary.language in (lexicon.language, 'any')
),

matched as (
    select
        words.feedback_id,
        words.word,
        known_words.theme,
        case when words.is_negated then -known_words.polarity else known_words.polarity end as polarity
    from words
    inner join known_words
        on words.language = known_words.language
        and words.word = known_words.word
)

select * from matched
