-- Where every customer stands tonight, prospects and former ones included: what customer_360 shows beside scores and consent.
with customers as (
    select * from {{ ref('int_customers') }}
    where not is_erased
),

-- What is paid is paid whether or not it is what makes a customer active.
months as (
    select * from {{ ref('int_revenue_months') }}
    where month = {{ as_of_month() }}
),

orders as (
    select * from {{ ref('int_orders') }}
    where {{ is_purchase() }}
),

responses as (
    select * from {{ ref('int_survey_responses') }}
    where customer_key is not null
),

interactions as (
    select * from {{ ref('int_interactions_daily') }}
),

tickets as (
    select * from {{ ref('int_tickets') }}
),

ordered as (
    select
        customer_key,
        max(ordered_at) as last_order_at,
        count(*) as orders
    from orders
    group by customer_key
),

asked as (
    select
        customer_key,
        score as last_nps,
        responded_at as last_nps_at
    from responses
    where metric = 'nps'
    qualify row_number() over (partition by customer_key order by responded_at desc, response_id desc) = 1
),

satisfied as (
    select
        customer_key,
        score_0_100 as last_csat
    from responses
    where metric = 'csat'
    qualify row_number() over (partition by customer_key order by responded_at desc, response_id desc) = 1
),

touched as (
    select
        customer_key,
        max(last_at) as last_interaction_at
    from interactions
    group by customer_key
),

troubled as (
    select
        customer_key,
        count(*) as tickets_open
    from tickets
    where solved_at is null and {{ days_between('opened_at', as_of_date()) }} < 180
    group by customer_key
),

gathered as (
    select
        customers.customer_key,
        coalesce(months.mrr, 0) as mrr,
        ordered.last_order_at,
        coalesce(ordered.orders, 0) as orders,
        asked.last_nps,
        asked.last_nps_at,
        satisfied.last_csat,
        touched.last_interaction_at,
        coalesce(troubled.tickets_open, 0) as tickets_open
    from customers
    left join months on customers.customer_key = months.customer_key
    left join ordered on customers.customer_key = ordered.customer_key
    left join asked on customers.customer_key = asked.customer_key
    left join satisfied on customers.customer_key = satisfied.customer_key
    left join touched on customers.customer_key = touched.customer_key
    left join troubled on customers.customer_key = troubled.customer_key
)

select * from gathered
