-- What does the customer say about us, has it changed, and have they stopped answering?
with spine as (
    select * from {{ ref('int_feature_spine') }}
),

responses as (
    select * from {{ ref('int_survey_responses') }}
),

dated_responses as (
    select
        customer_key,
        metric,
        cast(responded_at as date) as response_day,
        responded_at,
        cast(score as double) as score,
        cast(score_0_100 as double) as score_0_100,
        cast(score as double) - lag(cast(score as double)) over (
            partition by customer_key, metric order by responded_at, response_id
        ) as score_change,
        row_number() over (partition by customer_key, metric order by responded_at, response_id) as answer_number
    from responses
    where customer_key is not null
),

buckets as (
    select
        customer_key,
        {{ bucket_of('response_day') }} as bucket,
        count(*) as answers,
        -- decimals sum to the same last digit whatever the order of the rows
        sum(cast(score_0_100 as decimal(18, 6))) as points,
        max(case when metric = 'nps' then answer_number end) as last_nps_number,
        max(case when metric = 'nps' then response_day end) as last_nps_day,
        max_by(score, answer_number) filter (where metric = 'nps') as last_nps,
        max_by(score_change, answer_number) filter (where metric = 'nps') as nps_change,
        max(case when metric = 'csat' then answer_number end) as last_csat_number,
        max_by(score_0_100, answer_number) filter (where metric = 'csat') as last_csat,
        max(response_day) as last_answer_day
    from dated_responses
    group by 1, 2
),

summed as (
    select
        spine.customer_key,
        spine.cutoff_index,
        spine.cutoff_date,
        max(buckets.last_answer_day) as last_answer_day,
        max(buckets.last_nps_day) as last_nps_day,
        {{ latest('last_nps', at='last_nps_number') }} as last_nps,
        max_by(buckets.nps_change, buckets.last_nps_number) filter (where buckets.last_nps is not null) as nps_change,
        {{ latest('last_csat', at='last_csat_number') }} as last_csat,
        {{ sum_last('answers', 360) }} as answers_360d,
        {{ sum_last('points', 360) }} as points_360d
    from spine
    left join buckets
        on spine.customer_key = buckets.customer_key and buckets.bucket >= spine.cutoff_index
    group by 1, 2, 3
),

described as (
    select
        spine.customer_key,
        spine.cutoff_index,
        {{ days_since('spine.last_nps_day') }} as days_since_last_nps,
        {{ days_since('spine.last_answer_day') }} as days_since_last_answer,
        spine.last_nps,
        spine.nps_change,
        spine.last_csat,
        spine.answers_360d,
        spine.points_360d / nullif(spine.answers_360d, 0) as mean_answer_360d
    from summed as spine
)

select * from described
