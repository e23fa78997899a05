-- Scores of metrics are never mixed; tickets, which have no score, are counted under the metric `none`.
with months as (
    select * from {{ ref('int_months') }}
),

feedback as (
    select * from {{ ref('fct_feedback') }}
    where comment is not null
),

touched as (
    select * from {{ ref('int_feedback_themes') }}
),

commented as (
    select
        {{ month_of('said_at') }} as month,
        metric,
        count(*)::bigint as comments,
        sum(score_0_100) as total,
        sum(score_0_100 * score_0_100) as squares
    from (select said_at, metric, cast(score_0_100 as decimal(18, 6)) as score_0_100 from feedback) as scored
    group by 1, 2
),

mentioned as (
    select
        {{ month_of('feedback.said_at') }} as month,
        feedback.metric,
        touched.theme,
        count(*)::bigint as mentions,
        sum(cast(feedback.score_0_100 as decimal(18, 6))) as total,
        sum(cast(feedback.score_0_100 as decimal(18, 6)) * cast(feedback.score_0_100 as decimal(18, 6))) as squares,
        sum(cast(feedback.sentiment as decimal(18, 6)))::double / nullif(count(feedback.sentiment), 0) as mean_sentiment
    from feedback
    inner join touched on feedback.feedback_id = touched.feedback_id
    group by 1, 2, 3
),

split as (
    select
        mentioned.month,
        mentioned.metric,
        mentioned.theme,
        commented.comments,
        mentioned.mentions,
        commented.comments - mentioned.mentions as comments_without,
        mentioned.mean_sentiment,
        mentioned.total::double / mentioned.mentions as mean_with,
        (commented.total - mentioned.total)::double / nullif(commented.comments - mentioned.mentions, 0) as mean_without,
        {{ squared_standard_error('mentioned.total', 'mentioned.squares', 'mentioned.mentions') }} as error_with,
        {{ squared_standard_error(
            '(commented.total - mentioned.total)', '(commented.squares - mentioned.squares)', '(commented.comments - mentioned.mentions)'
        ) }} as error_without
    from mentioned
    inner join commented
        on mentioned.month = commented.month
        and mentioned.metric = commented.metric
),

spread as (
    select
        *,
        sqrt(error_with + error_without) as error,
        {{ welch_df('error_with', 'mentions', 'error_without', 'comments_without') }} as degrees_of_freedom
    from split
),

compared as (
    select
        spread.month,
        spread.metric,
        spread.theme,
        months.is_complete,
        spread.comments,
        spread.mentions,
        {{ ratio('spread.mentions', 'spread.comments') }} as mention_share,
        spread.mean_sentiment,
        spread.mean_with as mean_score_with,
        spread.mean_without as mean_score_without,
        spread.comments_without,
        spread.mean_with - spread.mean_without as score_difference,
        spread.mean_with - spread.mean_without - {{ welch_width('spread.error', 'spread.degrees_of_freedom') }} as score_difference_low,
        spread.mean_with - spread.mean_without + {{ welch_width('spread.error', 'spread.degrees_of_freedom') }} as score_difference_high
    from spread
    inner join months on spread.month = months.month
)

select * from compared
