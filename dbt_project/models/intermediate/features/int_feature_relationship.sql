-- Does the customer recommend us, did somebody recommend us to them, and do they take part in the loyalty programme?
with spine as (
    select * from {{ ref('int_feature_spine') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'crm'
),

referrals as (
    select * from {{ canonical('crm_referrals') }}
),

loyalty_events as (
    select * from {{ canonical('crm_loyalty_events') }}
),

events as (
    select source_name, referrer_customer_id as customer_id, cast(referred_at as date) as event_day, 'referral' as kind, 0.0 as points
    from referrals
    union all
    select source_name, referrer_customer_id, cast(converted_at as date), 'converted', 0.0
    from referrals
    where converted_at is not null
    union all
    select source_name, referred_customer_id, cast(converted_at as date), 'was_referred', 0.0
    from referrals
    where referred_customer_id is not null and converted_at is not null
    union all
    select source_name, customer_id, cast(occurred_at as date), kind, coalesce(points, 0)
    from loyalty_events
),

buckets as (
    select
        identities.customer_key,
        {{ bucket_of('events.event_day') }} as bucket,
        sum(case when events.kind = 'referral' then 1 else 0 end) as referrals,
        sum(case when events.kind = 'converted' then 1 else 0 end) as converted,
        sum(case when events.kind = 'was_referred' then 1 else 0 end) as was_referred,
        max(case when events.kind in ('joined', 'earned', 'redeemed') then events.event_day end) as last_loyalty_day,
        max(case when events.kind = 'left' then events.event_day end) as last_left_day,
        sum(case when events.kind = 'earned' then events.points end) as earned,
        sum(case when events.kind = 'redeemed' then abs(events.points) end) as redeemed,
        sum(case when events.kind = 'earned' then events.points
                 when events.kind in ('redeemed', 'expired') then -abs(events.points) end) as balance
    from events
    inner join identities
        on events.source_name = identities.source_name and events.customer_id = identities.source_customer_id
    group by 1, 2
),

summed as (
    select
        spine.customer_key,
        spine.cutoff_index,
        spine.cutoff_date,
        {{ sum_last('referrals', 360) }} as referrals_360d,
        cast(coalesce(sum(buckets.converted), 0) as double) as referrals_converted,
        coalesce(sum(buckets.was_referred), 0) > 0 as was_referred,
        max(buckets.last_loyalty_day) as last_loyalty_day,
        max(buckets.last_left_day) as last_left_day,
        {{ sum_last('earned', 90) }} as loyalty_earned_90d,
        {{ sum_last('redeemed', 90) }} as loyalty_redeemed_90d,
        coalesce(sum(buckets.balance), 0) as loyalty_balance
    from spine
    left join buckets
        on spine.customer_key = buckets.customer_key and buckets.bucket >= spine.cutoff_index
    group by 1, 2, 3
),

described as (
    select
        spine.customer_key,
        spine.cutoff_index,
        spine.referrals_360d,
        spine.referrals_converted,
        spine.was_referred,
        spine.last_loyalty_day is not null
        and (spine.last_left_day is null or spine.last_left_day < spine.last_loyalty_day) as is_loyalty_member,
        {{ days_since('spine.last_loyalty_day') }} as days_since_loyalty_event,
        spine.loyalty_earned_90d,
        spine.loyalty_redeemed_90d,
        spine.loyalty_balance
    from summed as spine
)

select * from described
