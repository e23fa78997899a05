-- Subscriptions with their customer, the span in which they can pay, and why they ended.
with
subscriptions as (
    select * from {{ canonical('billing_subscriptions') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }} where record_type = 'billing'
),

billed_lines as (
    select * from {{ ref('int_recurring_lines') }}
),

payments as (
    select * from {{ canonical('billing_payments') }}
),

lines as (
    select * from {{ canonical('billing_invoice_lines') }}
),

churn_reasons as (
    select * from {{ ref('churn_reasons') }}
),

-- A subscription that has ended, but not when: it ran as long as it was billed.
undated as (
    select subscriptions.source_name, subscriptions.subscription_id, max(billed_lines.period_end) as billed_until
    from subscriptions
    inner join billed_lines
        on billed_lines.source_name = subscriptions.source_name
        and billed_lines.subscription_id = subscriptions.subscription_id
    where subscriptions.status in ('canceled', 'cancelled', 'ended', 'expired') and subscriptions.ended_at is null
    group by subscriptions.source_name, subscriptions.subscription_id
),

spans as (
    select
        subscriptions.*,
        identities.customer_key,
        {{ code_of('subscriptions.cancellation_reason') }} as reason,
        subscriptions.status not in ('trialing', 'incomplete', 'incomplete_expired') as can_pay,
        greatest(subscriptions.started_at, coalesce(subscriptions.trial_ends_at, subscriptions.started_at)) as paid_from,
        case
            when subscriptions.ended_at is not null then subscriptions.ended_at
            when subscriptions.status in ('canceled', 'cancelled', 'ended', 'expired')
                then coalesce(undated.billed_until, subscriptions.cancel_requested_at, subscriptions.started_at)
        end as ends_at
    from subscriptions
    inner join identities
        on identities.source_name = subscriptions.source_name
        and identities.source_customer_id = subscriptions.billing_customer_id
    left join undated
        on undated.source_name = subscriptions.source_name
        and undated.subscription_id = subscriptions.subscription_id
),

-- Attempts to collect in the sixty days before an end that nothing else explains.
attempts as (
    select
        spans.source_name,
        spans.subscription_id,
        payments.payment_id,
        payments.invoice_id,
        payments.status,
        payments.occurred_at
    from spans
    inner join payments
        on payments.source_name = spans.source_name
        and payments.billing_customer_id = spans.billing_customer_id
        and payments.kind = 'payment'
        and payments.status in ('succeeded', 'failed')
        and payments.occurred_at < {{ add_days('spans.ends_at', 1) }}
        and payments.occurred_at >= {{ add_days('spans.ends_at', -60) }}
    where spans.ends_at is not null and spans.reason is null and spans.cancel_requested_at is null
),

-- Attempts whose invoice is for something else: it bills other subscriptions, or a purchase. What is void now may have been asked for then.
elsewhere as (
    select attempts.source_name, attempts.subscription_id, attempts.payment_id
    from attempts
    inner join lines
        on lines.source_name = attempts.source_name
        and lines.invoice_id = attempts.invoice_id
    group by attempts.source_name, attempts.subscription_id, attempts.payment_id
    having not bool_or(coalesce(
        lines.subscription_id = attempts.subscription_id,
        lines.kind in ('recurring', 'proration')
    ))
),

-- How the last of them went. One whose invoice is not known, or says nothing of subscriptions, may have been for this one.
last_attempts as (
    select attempts.source_name, attempts.subscription_id, attempts.status as last_attempt
    from attempts
    left join elsewhere
        on elsewhere.source_name = attempts.source_name
        and elsewhere.subscription_id = attempts.subscription_id
        and elsewhere.payment_id = attempts.payment_id
    where elsewhere.payment_id is null
    qualify row_number() over (
        partition by attempts.source_name, attempts.subscription_id
        order by attempts.occurred_at desc, attempts.payment_id desc
    ) = 1
),

explained as (
    select
        spans.*,
        case
            when churn_reasons.churn_kind is not null then churn_reasons.churn_kind
            when spans.status = 'unpaid' then 'involuntary'
            when spans.cancel_requested_at is not null then 'voluntary'
            when last_attempts.last_attempt = 'failed' then 'involuntary'
            when spans.reason is null and spans.status = 'expired' then 'expired'
            else 'voluntary'
        end as churn_kind
    from spans
    left join churn_reasons on churn_reasons.reason = spans.reason
    left join last_attempts
        on last_attempts.source_name = spans.source_name
        and last_attempts.subscription_id = spans.subscription_id
)

select * from explained
