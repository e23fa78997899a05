-- Does the customer use what they pay for, read what we write, and talk to us; and is that changing?
{% set groups = {
    'usage': usage_kinds(),
    'received': ['sent'],
    'opened': ['opened'],
    'clicked': ['clicked'],
    'conversations': ['call', 'meeting', 'replied', 'chat', 'message', 'post', 'mention'],
    'refusals': ['unsubscribed', 'complained'],
} %}
with spine as (
    select * from {{ ref('int_feature_spine') }}
),

interactions as (
    select * from {{ ref('int_interactions_daily') }}
),

-- Beyond the longest window of their oldest cut-off only the last day counts: all of that is one bucket, which no window reaches.
reach as (
    select customer_key, max(cutoff_index) + {{ buckets_in(360) }} as last_bucket
    from spine
    group by 1
),

buckets as (
    select
        interactions.customer_key,
        least({{ bucket_of('day') }}, reach.last_bucket) as bucket,
        {% for name, kinds in groups.items() -%}
        cast(sum(case when kind in ('{{ kinds | join("', '") }}') then interactions else 0 end) as bigint) as {{ name }},
        {% endfor -%}
        sum(case when kind in ('{{ groups.usage | join("', '") }}') then quantity end) as usage_quantity,
        max(case when kind in ('{{ (groups.usage + groups.opened + groups.clicked + groups.conversations) | join("', '") }}') then day end)
            as last_engaged_day,
        max(case when kind in ('{{ groups.usage | join("', '") }}') then day end) as last_usage_day
    from interactions
    inner join reach on interactions.customer_key = reach.customer_key
    group by 1, 2
),

summed as (
    select
        spine.customer_key,
        spine.cutoff_index,
        spine.cutoff_date,
        max(buckets.last_engaged_day) as last_engaged_day,
        max(buckets.last_usage_day) as last_usage_day,
        {{ sum_last('usage', 30) }} as usage_30d,
        {{ sum_last('usage', 90) }} as usage_90d,
        {{ sum_last('usage', 90, skip=90) }} as usage_previous_90d,
        {{ sum_last('usage', 360) }} as usage_360d,
        {{ sum_last('usage_quantity', 30) }} as usage_quantity_30d,
        {{ sum_last('usage_quantity', 90) }} as usage_quantity_90d,
        {{ sum_last('usage_quantity', 90, skip=90) }} as usage_quantity_previous_90d,
        {{ sum_last('received', 30) }} as messages_received_30d,
        {{ sum_last('received', 90) }} as messages_received_90d,
        {{ sum_last('opened', 90) }} as messages_opened_90d,
        {{ sum_last('clicked', 90) }} as messages_clicked_90d,
        {{ sum_last('clicked', 90, skip=90) }} as messages_clicked_previous_90d,
        {{ sum_last('conversations', 90) }} as conversations_90d,
        {{ sum_last('refusals', 360) }} as refusals_360d
    from spine
    left join buckets
        on spine.customer_key = buckets.customer_key and buckets.bucket >= spine.cutoff_index
    group by 1, 2, 3
),

described as (
    select
        spine.customer_key,
        spine.cutoff_index,
        {{ days_since('spine.last_engaged_day') }} as days_since_engaged,
        {{ days_since('spine.last_usage_day') }} as days_since_usage,
        spine.usage_30d,
        spine.usage_90d,
        spine.usage_360d,
        -- 1 = a third of the quarter's usage fell into its last month: no trend
        3.0 * spine.usage_30d / nullif(spine.usage_90d, 0) as usage_momentum,
        spine.usage_90d - spine.usage_previous_90d as usage_change_90d,
        spine.usage_quantity_30d,
        spine.usage_quantity_90d,
        spine.usage_quantity_90d - spine.usage_quantity_previous_90d as usage_quantity_change_90d,
        spine.messages_received_30d,
        spine.messages_opened_90d / nullif(cast(spine.messages_received_90d as double), 0) as open_share_90d,
        spine.messages_clicked_90d,
        spine.messages_clicked_90d - spine.messages_clicked_previous_90d as messages_clicked_change_90d,
        spine.conversations_90d,
        spine.refusals_360d
    from summed as spine
)

select * from described
