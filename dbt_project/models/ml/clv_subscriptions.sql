-- How long did customers stay, in whole months from their first paid day? A break does not end the count if the customer came back:
-- then they are a customer of long standing, not two short ones.
with spells as (
    select * from {{ ref('int_activity_spells') }}
    where {{ "true" if var('business_model') == 'contractual' else "false" }}
),

profiled as (
    select * from {{ ref('int_profiled_customers') }}
),

months as (
    select * from {{ ref('int_customer_months') }}
),

subscriptions as (
    select * from {{ ref('int_subscriptions') }}
    where can_pay
),

customers as (
    select * from {{ ref('int_customers') }}
),

lives as (
    select
        spells.customer_key,
        min(spells.first_day) as first_day,
        -- an end that is set for later is not there yet: so far they stayed as long as they have been known
        max(least(coalesce(spells.last_day, {{ as_of_date() }}), {{ as_of_date() }})) as last_day
    from spells
    inner join profiled using (customer_key)
    where spells.first_day <= {{ as_of_date() }}
    group by spells.customer_key
),

-- what they pay tonight, or paid in the last month in which they did
margins as (
    select
        customer_key,
        max_by(mrr, month) as mrr
    from months
    where mrr > 0
    group by customer_key
),

terms as (
    select
        customer_key,
        max_by(coalesce(interval, 'month'), {{ ordered_by(['paid_from', 'source_name', 'subscription_id']) }}) as segment,
        max_by(coalesce(plan, 'unknown'), {{ ordered_by(['paid_from', 'source_name', 'subscription_id']) }}) as plan
    from subscriptions
    group by customer_key
),

measured as (
    select
        lives.customer_key,
        terms.segment,
        terms.plan,
        customers.company_size,
        customers.acquisition_channel,
        cast(floor({{ days_between('lives.first_day', 'lives.last_day') }} / 30.4375) as integer) as tenure_months,
        cast(floor({{ days_between('lives.first_day', as_of_date()) }} / 30.4375) as integer) as age_months,
        case
            when lives.last_day < {{ as_of_date() }}
                then cast(floor({{ days_between('lives.last_day', as_of_date()) }} / 30.4375) as integer)
        end as ended_months_ago,
        lives.last_day >= {{ as_of_date() }} as is_active,
        lives.last_day < {{ as_of_date() }} as ended,
        cast(coalesce(margins.mrr, 0) as double) * {{ var('gross_margin') }} as monthly_margin
    from lives
    inner join terms on lives.customer_key = terms.customer_key
    left join customers on lives.customer_key = customers.customer_key
    left join margins on lives.customer_key = margins.customer_key
)

select * from measured
