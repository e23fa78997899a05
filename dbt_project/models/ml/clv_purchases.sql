-- Purchases are days with a positive net value: two orders on one day are one purchase, a day refunded in full is none.
-- The last third of the history, at most the horizon, is also told apart: models are compared by what they foretell of it.
with {{ purchases() }},

holdout as (
    select least({{ var('clv_horizon_days') }}, cast(floor(max(days_ago) / 3.0) as bigint)) as holdout_days
    from numbered
),

known as (
    select
        numbered.customer_key,
        count(*) - 1 as known_frequency,
        max(numbered.days_ago) - min(numbered.days_ago) as known_recency_days,
        max(numbered.days_ago) - min(holdout.holdout_days) as known_age_days,
        cast(sum(case when numbered.purchase_number > 1 then numbered.day_value end) as double) / nullif(count(*) - 1, 0)
            as known_mean_order_value
    from numbered
    cross join holdout
    where numbered.days_ago >= holdout.holdout_days
    group by numbered.customer_key
),

held_out as (
    select
        numbered.customer_key,
        count(*) as held_out_purchases,
        cast(sum(numbered.day_value) as double) as held_out_value
    from numbered
    cross join holdout
    where numbered.days_ago < holdout.holdout_days
    group by numbered.customer_key
),

counted as (
    select
        customer_key,
        count(*) - 1 as frequency,
        min(order_day) as first_order_date,
        max(order_day) as last_order_date,
        -- not avg(): a sum of decimals has the same last digit whatever the order of the rows
        cast(sum(case when purchase_number > 1 then day_value end) as double) / nullif(count(*) - 1, 0) as mean_repeat_value,
        cast(min(case when purchase_number = 1 then day_value end) as double) as first_value
    from numbered
    group by customer_key
),

left_out as (
    select
        customer_key,
        count(*) as days_left_out
    from valued_days
    where day_value <= 0
    group by customer_key
),

measured as (
    select
        counted.customer_key,
        counted.frequency,
        {{ days_between('counted.first_order_date', 'counted.last_order_date') }} as recency_days,
        {{ days_between('counted.first_order_date', as_of_date()) }} as age_days,
        coalesce(counted.mean_repeat_value, counted.first_value) as mean_order_value,
        counted.first_order_date,
        coalesce(left_out.days_left_out, 0) as days_left_out,
        holdout.holdout_days,
        known.known_frequency,
        known.known_recency_days,
        known.known_age_days,
        known.known_mean_order_value,
        coalesce(held_out.held_out_purchases, 0) as held_out_purchases,
        coalesce(held_out.held_out_value, 0) as held_out_value
    from counted
    cross join holdout
    left join left_out using (customer_key)
    left join known using (customer_key)
    left join held_out using (customer_key)
)

select * from measured
