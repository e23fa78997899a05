-- Where every customer stands on the as-of day; the stages are rules held as data in the seed `lifecycle_rules`.
with
customers as (
    select * from {{ ref('int_customers') }}
),

customer_months as (
    select * from {{ ref('int_customer_months') }}
),

subscriptions as (
    select * from {{ ref('int_subscriptions') }}
),

orders as (
    select * from {{ ref('int_orders') }} where {{ is_purchase() }}
),

rules as (
    select * from {{ ref('lifecycle_rules') }}
),

turns as (
    select
        *,
        is_active
        and month > cohort_month
        and not coalesce(lag(is_active) over (partition by customer_key order by month), false) as is_return
    from customer_months
),

activity as (
    select
        customer_key,
        min(cohort_month) as first_active_month,
        max(case when is_return then month end) as returned_month,
        bool_or(is_active and month = {{ as_of_month() }}) as is_active
    from turns
    group by customer_key
),

{% if var('business_model') == 'contractual' -%}
-- A running subscription that is not paid, is paused, or has been asked to end.
warnings as (
    select customer_key
    from subscriptions
    where can_pay
        and (ends_at is null or ends_at >= {{ as_of_end() }})
        and (status in ('past_due', 'paused', 'unpaid') or cancel_requested_at is not null)
    group by customer_key
),
{%- else -%}
warnings as (
    select customer_key
    from orders
    group by customer_key
    having {{ is_silent('max(ordered_at)', as_of_date()) }}
),
{%- endif %}

facts as (
    select
        customers.customer_key,
        activity.first_active_month,
        activity.first_active_month is not null as has_been_active,
        coalesce(activity.is_active, false) as is_active,
        warnings.customer_key is not null as has_warning,
        {{ months_between('activity.returned_month', as_of_month()) }} as months_since_return,
        {{ months_between('activity.first_active_month', as_of_month()) }} as tenure_months
    from customers
    left join activity on activity.customer_key = customers.customer_key
    left join warnings on warnings.customer_key = customers.customer_key
),

staged as (
    select
        facts.customer_key,
        facts.first_active_month,
        facts.is_active,
        facts.has_warning,
        facts.tenure_months,
        rules.lifecycle_stage
    from facts
    inner join rules
        on {{ rule_fits('rules', 'facts') }}
    qualify row_number() over (partition by facts.customer_key order by rules.priority) = 1
)

select * from staged
