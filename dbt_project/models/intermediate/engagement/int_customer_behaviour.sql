-- What customers do: on how many days they use what they have, and where they come to us by themselves.
with customers as (
    select * from {{ ref('int_customers') }}
),

daily as {{ inlined() }} (
    select
        *,
        {{ days_between('day', as_of_date()) }} as days_ago,
        kind in ('{{ usage_kinds() | join("', '") }}') as is_usage
    from {{ ref('int_interactions_daily') }}
    where customer_key is not null
),

-- where no source tells of usage, nobody can be said to use nothing
told as (
    select coalesce(bool_or(is_usage), false) as tells_usage from daily
),

used as (
    select customer_key, count(*) as usage_days
    from (select distinct customer_key, day from daily where is_usage and days_ago < 90) as days
    group by customer_key
),

ranked as (
    select *, {{ part_of_all('usage_days', parts=3) }} as third from used
),

-- of their own accord: neither what happened to a message of ours nor what we began; opens may be a proxy's
own as (
    select
        customer_key,
        channel,
        sum(interactions) as doings,
        max(last_at) as last_at
    from daily
    where kind not in ('sent', 'delivered', 'bounced', 'opened', 'unsubscribed', 'complained')
        and direction is distinct from 'outbound'
        and days_ago < 365
    group by customer_key, channel
),

preferred as (
    select customer_key, channel as main_channel
    from own
    qualify row_number() over (partition by customer_key order by doings desc, last_at desc, channel) = 1
),

described as (
    select
        customers.customer_key,
        case when told.tells_usage then cast(coalesce(ranked.usage_days, 0) as bigint) end as usage_days,
        case
            when not told.tells_usage then null
            when ranked.third is null then 'none'
            when ranked.third = 1 then 'light'
            when ranked.third = 2 then 'medium'
            else 'heavy'
        end as usage_segment,
        preferred.main_channel
    from customers
    cross join told
    left join ranked on ranked.customer_key = customers.customer_key
    left join preferred on preferred.customer_key = customers.customer_key
)

select * from described
