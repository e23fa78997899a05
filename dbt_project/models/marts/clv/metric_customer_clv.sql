with customers as (
    select * from {{ ref('int_customers') }}
    where not is_erased
),

received as (
    select
        customer_key,
        sum(amount_reporting) as amount_reporting
    from {{ ref('int_money_received') }}
    group by customer_key
),

profiled as (
    select * from {{ ref('int_profiled_customers') }}
),

predictions as (
    select scores.*
    from {{ source('ml', 'clv_scores') }} as scores
    inner join profiled using (customer_key)
),

valued as (
    select
        customers.customer_key,
        {{ as_of_date() }} as as_of_date,
        cast(coalesce(received.amount_reporting, 0) * cast({{ var('gross_margin') }} as decimal(13, 12)) as decimal(28, 6)) as clv_historic,
        cast(predictions.clv_predicted as decimal(28, 6)) as clv_predicted,
        cast(predictions.clv_predicted_low as decimal(28, 6)) as clv_predicted_low,
        cast(predictions.clv_predicted_high as decimal(28, 6)) as clv_predicted_high,
        predictions.expected_purchases,
        predictions.p_alive,
        cast(predictions.expected_order_value as decimal(28, 6)) as expected_order_value,
        predictions.model,
        predictions.model_version
    from customers
    left join received on customers.customer_key = received.customer_key
    left join predictions on customers.customer_key = predictions.customer_key
),

totalled as (
    select
        customer_key,
        as_of_date,
        clv_historic,
        clv_predicted,
        clv_predicted_low,
        clv_predicted_high,
        cast(clv_historic + clv_predicted as decimal(28, 6)) as clv_total,
        expected_purchases,
        p_alive,
        expected_order_value,
        model,
        model_version,
        cast({{ var('clv_horizon_days') }} as integer) as horizon_days,
        '{{ var("reporting_currency") }}' as currency
    from valued
)

select * from totalled
