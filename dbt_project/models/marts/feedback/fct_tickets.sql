with tickets as (
    select * from {{ ref('int_tickets') }}
),

measured as (
    select
        ticket_id,
        source_name as source,
        customer_key,
        opened_at,
        first_replied_at,
        solved_at,
        status,
        priority,
        channel,
        topic,
        ({{ elapsed_days('opened_at', 'first_replied_at') }} * 24)::double as first_reply_hours,
        ({{ elapsed_days('opened_at', 'solved_at') }} * 24)::double as resolution_hours
    from tickets
)

select * from measured
