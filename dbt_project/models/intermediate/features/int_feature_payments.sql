-- Does the customer's money arrive? Failed payments come before involuntary churn.
with spine as (
    select * from {{ ref('int_feature_spine') }}
),

payments as (
    select * from {{ canonical('billing_payments') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'billing'
),

attempts as (
    select
        identities.customer_key,
        cast(payments.occurred_at as date) as payment_day,
        payments.kind,
        payments.status
    from payments
    inner join identities
        on payments.source_name = identities.source_name
        and payments.billing_customer_id = identities.source_customer_id
),

buckets as (
    select
        customer_key,
        {{ bucket_of('payment_day') }} as bucket,
        sum(case when kind = 'payment' and status = 'succeeded' then 1 else 0 end) as succeeded,
        sum(case when kind = 'payment' and status = 'failed' then 1 else 0 end) as failed,
        sum(case when kind in ('refund', 'chargeback') and status = 'succeeded' then 1 else 0 end) as returned,
        max(case when kind = 'payment' and status = 'succeeded' then payment_day end) as last_payment_day,
        max(case when kind = 'payment' and status = 'failed' then payment_day end) as last_failed_day
    from attempts
    group by 1, 2
),

summed as (
    select
        spine.customer_key,
        spine.cutoff_index,
        spine.cutoff_date,
        max(buckets.last_payment_day) as last_payment_day,
        max(buckets.last_failed_day) as last_failed_day,
        {{ sum_last('succeeded', 90) }} as payments_90d,
        {{ sum_last('failed', 30) }} as payments_failed_30d,
        {{ sum_last('failed', 90) }} as payments_failed_90d,
        {{ sum_last('failed', 360) }} as payments_failed_360d,
        {{ sum_last('succeeded', 360) }} as payments_360d,
        {{ sum_last('returned', 360) }} as refunds_360d
    from spine
    left join buckets
        on spine.customer_key = buckets.customer_key and buckets.bucket >= spine.cutoff_index
    group by 1, 2, 3
),

described as (
    select
        spine.customer_key,
        spine.cutoff_index,
        {{ days_since('spine.last_payment_day') }} as days_since_last_payment,
        {{ days_since('spine.last_failed_day') }} as days_since_failed_payment,
        spine.payments_90d,
        spine.payments_failed_30d,
        spine.payments_failed_90d,
        spine.payments_failed_360d / nullif(cast(spine.payments_failed_360d + spine.payments_360d as double), 0) as payment_failure_share_360d,
        coalesce(spine.last_failed_day > spine.last_payment_day, spine.last_failed_day is not null) as is_last_payment_failed,
        spine.refunds_360d
    from summed as spine
)

select * from described
