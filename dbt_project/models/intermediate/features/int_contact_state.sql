-- What speaks against contacting a customer tonight, whatever the action: the facts of the gates suppression, cool-down and pressure.
with customers as (
    select * from {{ ref('int_customers') }}
),

tickets as (
    select * from {{ ref('int_tickets') }}
),

interactions as (
    select * from {{ ref('int_interactions_daily') }}
),

decisions as (
    select * from {{ ref('int_action_decisions') }}
),

troubled as (
    select
        customer_key,
        count(*) as high_priority_open
    from tickets
    where solved_at is null
        and {{ is_high_priority('priority') }}
        and {{ days_between('opened_at', as_of_date()) }} < 180
    group by customer_key
),

contacted as (
    select
        customer_key,
        sum(interactions) as contacts_30d
    from interactions
    where {{ days_between('day', as_of_date()) }} < 30
        and (kind = 'sent' or (kind in ('call', 'meeting', 'visit') and direction = 'outbound'))
    group by customer_key
),

treated as (
    select
        customer_key,
        max(decided_day) as last_action_day
    from decisions
    where action <> 'nothing'
    group by customer_key
),

gathered as (
    select
        customers.customer_key,
        customers.is_deleted or customers.is_erased as is_gone,
        coalesce(troubled.high_priority_open, 0) as high_priority_open,
        coalesce(contacted.contacts_30d, 0) as contacts_30d,
        treated.last_action_day,
        coalesce({{ days_between('treated.last_action_day', as_of_date()) }} < {{ var('action_cooldown_days') }}, false) as is_cooling_down
    from customers
    left join troubled on customers.customer_key = troubled.customer_key
    left join contacted on customers.customer_key = contacted.customer_key
    left join treated on customers.customer_key = treated.customer_key
)

select * from gathered
