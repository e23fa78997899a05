-- Revenue that followed contacts of a campaign, credited to the first, the last, or evenly to all contacts of the 30 days before an
-- order. This says what came after a campaign, not what came because of it.
{%- set attribution_days = var('attribution_days', 30) %}
with daily as (
    select * from {{ ref('int_interactions_daily') }}
    where campaign_id is not null and customer_key is not null
        -- opens are not: proxies fetch pictures nobody sees
        and kind not in ('sent', 'bounced', 'opened', 'unsubscribed', 'complained')
),

orders as (
    select * from {{ ref('int_orders') }}
    where net_amount_reporting > 0
),

touches as (
    select
        customer_key,
        source_name,
        campaign_id,
        day,
        min(first_at) as touched_at
    from daily
    group by 1, 2, 3, 4
),

paths as (
    select
        orders.source_name as order_source,
        orders.order_id,
        orders.currency,
        orders.net_amount_reporting,
        touches.source_name,
        touches.campaign_id,
        row_number() over (
            partition by orders.source_name, orders.order_id, orders.currency
            order by touches.touched_at, touches.source_name, touches.campaign_id
        ) as place,
        count(*) over (partition by orders.source_name, orders.order_id, orders.currency) as touches
    from orders
    inner join touches
        on orders.customer_key = touches.customer_key
        and touches.touched_at < orders.ordered_at
        and touches.touched_at >= {{ add_days('orders.ordered_at', -attribution_days) }}
),

credited as (
    select
        source_name,
        campaign_id,
        count(distinct order_source || '|' || order_id)::bigint as attributed_orders,
        coalesce(sum(case when place = 1 then net_amount_reporting end), 0)::decimal(28, 6) as attributed_revenue_first,
        coalesce(sum(case when place = touches then net_amount_reporting end), 0)::decimal(28, 6) as attributed_revenue_last,
        sum((net_amount_reporting::decimal(28, 10) / touches)::decimal(28, 10))::decimal(28, 6) as attributed_revenue_linear
    from paths
    group by 1, 2
)

select * from credited
