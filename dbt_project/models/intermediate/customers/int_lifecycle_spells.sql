-- Customers by how they stood over which months, and how before: what `lifecycle_rules` asks, counted before it is spread over months.
-- Up to the month before tonight's, everything is told from what is dated; tonight's stage is that of int_customer_lifecycle.
{%- set facts = ['first_active_month', 'returned_month', 'is_active', 'has_warning'] %}
{%- set last_asked = 'least(' ~ month_of('coalesce(ends_at, ' ~ as_of_end() ~ ')') ~ ', ' ~ as_of_month() ~ ')' %}

with
customers as (
    select lifecycle.*, described.first_seen_at
    from {{ ref('int_customers') }} as described
    inner join {{ ref('int_customer_lifecycle') }} as lifecycle on lifecycle.customer_key = described.customer_key
),

customer_months as (
    select * from {{ ref('int_customer_months') }} where month < {{ as_of_month() }}
),

subscriptions as (
    select * from {{ ref('int_subscriptions') }} where can_pay and cancel_requested_at is not null
),

months as (
    select * from {{ ref('int_months') }}
),

{% if var('business_model') == 'contractual' -%}
asked as (
    select customer_key, cancel_requested_at, ends_at, {{ series_of('month', month_of('cancel_requested_at'), last_asked) }} as month
    from subscriptions
    where ends_at is null or ends_at > cancel_requested_at
),

-- Asked to end and still running. When a subscription was past due, paused or unpaid nobody has dated.
warned as (
    select distinct asked.customer_key, asked.month
    from asked
    inner join months on months.month = asked.month
    where asked.cancel_requested_at < months.measured_until and (asked.ends_at is null or asked.ends_at >= months.measured_until)
),

dated as (
    select customer_months.*, warned.customer_key is not null as has_warning
    from customer_months
    left join warned
        on warned.customer_key = customer_months.customer_key
        and warned.month = customer_months.month
),
{%- else -%}
dated as (
    select customer_months.*, {{ is_silent('customer_months.last_purchase_at', 'months.last_day') }} as has_warning
    from customer_months
    inner join months on months.month = customer_months.month
),
{%- endif %}

marked as (
    select
        *,
        lag(is_active) over (partition by customer_key order by month) as was_active,
        lag(has_warning) over (partition by customer_key order by month) as had_warning
    from dated
),

-- Who has no date at all counts as known from the first month on, lest they come in anew every night.
prospects as (
    select
        customers.customer_key,
        customers.first_active_month,
        greatest(coalesce({{ month_of('customers.first_seen_at') }}, firsts.first_month), firsts.first_month) as month
    from customers
    cross join (select min(month) as first_month from months) as firsts
),

points as (
    select
        customer_key, month, cohort_month as first_active_month, is_active, has_warning,
        coalesce(is_active and not was_active, false) as is_return, cast(null as {{ dbt.type_string() }}) as stage_tonight
    from marked
    where was_active is null or is_active <> was_active or has_warning <> had_warning
    union all
    select customer_key, month, null, false, false, false, null
    from prospects
    where month < coalesce(first_active_month, {{ as_of_month() }})
    union all
    select customer_key, {{ as_of_month() }}, first_active_month, is_active, has_warning, false, lifecycle_stage
    from customers
),

followed as (
    select
        *,
        max(case when is_return then month end) over (partition by customer_key order by month) as returned_month,
        coalesce({{ add_months('lead(month) over (partition by customer_key order by month)', -1) }}, month) as last_month
    from points
),

paired as (
    select
        *
        {%- for fact in facts %},
        lag({{ fact }}) over (partition by customer_key order by month) as previous_{{ fact }}
        {%- endfor %}
    from followed
),

counted as (
    select
        month as first_month,
        last_month,
        {%- for fact in facts %}
        {{ fact }},
        previous_{{ fact }},
        {%- endfor %}
        stage_tonight,
        count(*) as customers
    from paired
    group by all
)

select * from counted
