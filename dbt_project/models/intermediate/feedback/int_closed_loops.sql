-- For every detractor: by when somebody was to get in touch, and when somebody did.
with feedback as (
    select * from {{ ref('int_feedback') }}
    where nps_group = 'detractor'
),

-- A contact by a person of ours, not a mailing: outbound, or a call, meeting or visit that says no direction.
contacts as (
    select
        customer_key,
        first_at,
        last_at
    from {{ ref('int_interactions_daily') }}
    where campaign_id is null
        and channel in ('email', 'phone', 'chat', 'meeting', 'social', 'in_person')
        and kind not in ('delivered', 'opened', 'clicked', 'bounced', 'unsubscribed', 'complained', 'usage', 'login')
        and (direction = 'outbound' or (direction is null and (kind in ('call', 'meeting') or channel in ('meeting', 'in_person'))))
),

followed as (
    select
        feedback.feedback_id,
        -- contacts of one day and kind are known by their first and last instant
        min(case when contacts.first_at > feedback.said_at then contacts.first_at else contacts.last_at end) as followed_up_at
    from feedback
    inner join contacts
        on feedback.customer_key = contacts.customer_key
        and contacts.last_at > feedback.said_at
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
