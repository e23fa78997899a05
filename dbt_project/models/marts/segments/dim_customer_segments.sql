with
customers as (
    select * from {{ ref('int_customers') }}
),

orders as (
    select * from {{ ref('int_orders') }} where {{ is_purchase() }}
),

lifecycle as (
    select * from {{ ref('int_customer_lifecycle') }}
),

behaviour as (
    select * from {{ ref('int_customer_behaviour') }}
),

segments as (
    select * from {{ ref('rfm_segments') }}
),

purchases as (
    select
        customer_key,
        cast({{ days_between('max(ordered_at)', as_of_date()) }} as integer) as recency_days,
        count(*) as frequency,
        cast(sum(net_amount_reporting) as decimal(28, 6)) as monetary
    from orders
    group by customer_key
),

scored as (
    select
        *,
        {{ part_of_all('recency_days', 'desc') }} as r_score,
        {{ part_of_all('frequency', 'asc') }} as f_score,
        {{ part_of_all('monetary', 'asc') }} as m_score
    from purchases
),

named as (
    select scored.*, segments.rfm_segment
    from scored
    left join segments
        on segments.r_score = scored.r_score
        and segments.fm_score = cast(floor((scored.f_score + scored.m_score + 1) / 2e0) as integer)
),

described as (
    select
        customers.customer_key,
        named.recency_days,
        coalesce(named.frequency, 0) as frequency,
        coalesce(named.monetary, 0) as monetary,
        named.r_score,
        named.f_score,
        named.m_score,
        coalesce(named.rfm_segment, 'no_purchase') as rfm_segment,
        lifecycle.lifecycle_stage,
        customers.plan,
        behaviour.usage_days,
        behaviour.usage_segment,
        behaviour.main_channel,
        customers.acquisition_channel,
        customers.country,
        customers.region,
        customers.industry,
        customers.company_size,
        customers.gender,
        customers.income_band,
        cast(floor(({{ 'extract(year from ' ~ as_of_date() ~ ')' }} - customers.birth_year) / 10e0) * 10 as integer) as age_decade
    from customers
    inner join lifecycle on lifecycle.customer_key = customers.customer_key
    left join behaviour on behaviour.customer_key = customers.customer_key
    left join named on named.customer_key = customers.customer_key
)

select * from described
