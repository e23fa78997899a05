-- How many came back on each day: what the models of purchases are drawn beside.
with {{ purchases() }},

counted as (
    select
        cast(days_ago as integer) as days_ago,
        count(*) as repeat_purchases
    from numbered
    where purchase_number > 1
    group by days_ago
)

select * from counted
