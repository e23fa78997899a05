-- For every detractor: by when somebody was to get in touch, and when somebody did.
with feedback as (
    select * from {{ ref('int_feedback') }}
    where nps_group = 'detractor'
),

identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'crm'
),

-- A contact by a person of ours, not a mailing: outbound, or a call, meeting or visit that says no direction. They are few among the
-- interactions, and the hour of each matters: the counts by day would hide all but the first and the last.
contacts as (
    select
        identities.customer_key,
        interactions.occurred_at
    from {{ canonical('crm_interactions') }} as interactions
    inner join identities
        on interactions.source_name = identities.source_name
        and interactions.customer_id = identities.source_customer_id
    where interactions.campaign_id is null
        and interactions.channel in ('email', 'phone', 'sms', 'post', 'chat', 'meeting', 'social', 'in_person')
        and interactions.kind not in ('delivered', 'opened', 'clicked', 'bounced', 'unsubscribed', 'complained', 'usage', 'login')
        and (
            interactions.direction = 'outbound'
            or (
                interactions.direction is null
                and (interactions.kind in ('call', 'meeting', 'visit') or interactions.channel in ('meeting', 'in_person'))
            )
        )
),

followed as (
    select
        feedback.feedback_id,
        min(contacts.occurred_at) as followed_up_at
    from feedback
    inner join contacts
        on feedback.customer_key = contacts.customer_key
        and contacts.occurred_at > feedback.said_at
    group by 1
),

due as (
    select
        feedback.feedback_id,
        {{ add_working_days('feedback.said_at', var('closed_loop_working_days')) }} as closed_loop_due_at,
        followed.followed_up_at
    from feedback
    left join followed on feedback.feedback_id = followed.feedback_id
),

judged as (
    select
        feedback_id,
        closed_loop_due_at,
        followed_up_at,
        case
            when followed_up_at is not null then followed_up_at <= closed_loop_due_at
            -- still time: neither met nor missed
            when closed_loop_due_at < {{ as_of_end() }} then false
        end as followed_up_in_time
    from due
)

select * from judged
