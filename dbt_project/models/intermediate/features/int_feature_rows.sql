-- Whose features are needed, and as of when: everyone active tonight, a sample of those active at past cut-offs, and everyone
-- whom a past decision that has matured was about. The sample is a rank of hashes: a customer stays in it from night to night.
with activity as (
    select * from {{ ref('int_cutoff_activity') }}
),

profiled as (
    select * from {{ ref('int_profiled_customers') }}
),

decisions as (
    select * from {{ ref('int_action_decisions') }}
),

ranked as (
    select
        activity.customer_key,
        activity.cutoff_index,
        row_number() over (
            partition by activity.cutoff_index
            order by {{ hash_unit('activity.customer_key', 'training') }}, activity.customer_key
        ) as sample_rank
    from activity
    inner join profiled using (customer_key)
    where activity.is_active
),

wanted as (
    select customer_key, cutoff_index, true as is_for_customers
    from ranked
    where cutoff_index = 0 or sample_rank <= {{ var('max_training_customers') }}
    union all
    select decisions.customer_key, decisions.cutoff_index, false as is_for_customers
    from decisions
    inner join profiled using (customer_key)
    where decisions.is_sampled
),

needed as (
    select
        customer_key,
        cutoff_index,
        {{ cutoff_day('cutoff_index') }} as cutoff_date,
        bool_or(is_for_customers) as is_for_customers
    from wanted
    group by customer_key, cutoff_index
)

select * from needed
