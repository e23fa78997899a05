-- Revenue that followed contacts of a campaign, credited to the first, the last, or evenly to all contacts of the days before an
-- order (`attribution_days`). This says what came after a campaign, not what came because of it.
with orders as (
    select * from {{ ref('int_orders') }}
    where {{ is_purchase() }}
),

touches as (
    select * from {{ ref('int_campaign_contacts') }}
),

-- of a day with several contacts of a campaign the last one before the order counts, or the first if the order came between
placed as (
    select
        orders.source_name as order_source,
        orders.order_id,
        orders.currency,
        orders.ordered_at,
        orders.net_amount_reporting,
        touches.source_name,
        touches.campaign_id,
        touches.first_at,
        case when touches.last_at < orders.ordered_at then touches.last_at else touches.first_at end as last_at
    from orders
    inner join touches
        on orders.customer_key = touches.customer_key
        and touches.first_at < orders.ordered_at
),

paths as (
    select
        *,
        row_number() over (
            partition by order_source, order_id, currency order by first_at, source_name, campaign_id
        ) as place,
        row_number() over (
            partition by order_source, order_id, currency order by last_at desc, source_name desc, campaign_id desc
        ) as place_from_end,
        count(*) over (partition by order_source, order_id, currency) as touches
    from placed
    where last_at >= {{ add_days('ordered_at', -var('attribution_days')) }}
),

credited as (
    select
        source_name,
        campaign_id,
        count(distinct order_source || '|' || order_id)::bigint as attributed_orders,
        coalesce(sum(case when place = 1 then net_amount_reporting end), 0)::decimal(28, 6) as attributed_revenue_first,
        coalesce(sum(case when place_from_end = 1 then net_amount_reporting end), 0)::decimal(28, 6) as attributed_revenue_last,
        sum((net_amount_reporting::decimal(28, 10) / touches)::decimal(28, 10))::decimal(28, 6) as attributed_revenue_linear
    from paths
    group by 1, 2
)

select * from credited
