{%- set dimensions = customer_dimensions() %}
{%- set counts = ['referrals', 'referrals_converted', 'active_referrers', 'active_referrers_in_month', 'new_referred_customers'] %}
with referrals as (
    select * from {{ ref('int_referrals') }}
),

customer_months as (
    select * from {{ ref('int_customer_months') }}
    where is_active
),

customers as (
    select * from {{ ref('int_customers') }}
),

months as (
    select * from {{ ref('int_months') }}
),

base as (
    select * from {{ ref('int_active_base_monthly') }}
),

dimensions as (
    {{ dimension_names(dimensions) }}
),

converted as (
    select distinct referrer_key as customer_key, {{ month_of('converted_at') }} as month
    from referrals
    where converted_at is not null
),

referrers as (
    select customer_key, min(month) as first_month from converted group by 1
),

referred as (
    select referred_key as customer_key, {{ month_of('min(referred_at)') }} as month
    from referrals
    where converted_at is not null and referred_key is not null
    group by 1
),

-- what each customer adds to a month
events as (
    select referrer_key as customer_key, {{ month_of('referred_at') }} as month, 'referrals' as event from referrals
    union all
    select referrer_key, {{ month_of('referred_at') }}, 'referrals_converted' from referrals where converted_at is not null
    union all
    select customer_months.customer_key, customer_months.month, 'active_referrers'
    from customer_months
    inner join referrers
        on customer_months.customer_key = referrers.customer_key
        and customer_months.month >= referrers.first_month
    union all
    select customer_months.customer_key, customer_months.month, 'active_referrers_in_month'
    from customer_months
    inner join converted
        on customer_months.customer_key = converted.customer_key
        and customer_months.month = converted.month
    union all
    select customer_months.customer_key, customer_months.month, 'new_referred_customers'
    from customer_months
    inner join referred
        on customer_months.customer_key = referred.customer_key
        -- who is recommended to us after having become a customer was not won by it
        and customer_months.month >= referred.month
    where customer_months.month = customer_months.cohort_month
),

counted as (
    select
        events.month,
        dimensions.dimension,
        {{ dimension_value(dimensions, 'customers') }} as dimension_value,
        {% for count in counts %}
        count_if(events.event = '{{ count }}')::bigint as {{ count }}{{ ',' if not loop.last }}
        {% endfor %}
    from events
    left join customers on events.customer_key = customers.customer_key
    cross join dimensions
    group by 1, 2, 3
),

active as (
    select
        month,
        dimension,
        dimension_value,
        sum(active_customers)::bigint as active_customers,
        sum(new_customers)::bigint as new_customers
    from base
    group by 1, 2, 3
),

spine as (
    select month, 'all' as dimension, 'all' as dimension_value from months
    union
    select month, dimension, dimension_value from active
    union
    select month, dimension, dimension_value from counted
),

measured as (
    select
        spine.month,
        spine.dimension,
        spine.dimension_value,
        months.is_complete,
        coalesce(active.active_customers, 0) as active_customers,
        coalesce(active.new_customers, 0) as new_customers,
        {% for count in counts %}
        coalesce(counted.{{ count }}, 0) as {{ count }},
        {% endfor -%}
        {{ ratio('coalesce(counted.active_referrers, 0)', 'active.active_customers') }} as referral_rate,
        {{ ratio('coalesce(counted.active_referrers_in_month, 0)', 'active.active_customers') }} as referral_rate_in_month,
        {{ ratio('coalesce(counted.new_referred_customers, 0)', 'active.new_customers') }} as referred_share_of_new,
        {{ ratio('coalesce(counted.referrals, 0)', 'active.active_customers') }} as referrals_per_active_customer,
        {{ ratio('counted.referrals_converted', 'counted.referrals') }} as conversion_rate,
        -- referrals per customer × share that converts: the referrals themselves cancel out, but without any there is no share
        case when counted.referrals > 0 then {{ ratio('counted.referrals_converted', 'active.active_customers') }} end as k_factor
    from spine
    inner join months on spine.month = months.month
    {% for part in ['active', 'counted'] -%}
    left join {{ part }}
        on spine.month = {{ part }}.month
        and spine.dimension = {{ part }}.dimension
        and spine.dimension_value = {{ part }}.dimension_value
    {% endfor -%}
    where spine.month >= (select {{ month_of('min(referred_at)') }} from referrals)
)

select * from measured
