-- How many members stayed active through a month, beside customers like them who were none: as long active, and in the same segment.
with events as (
    select * from {{ ref('int_loyalty_events') }}
    where is_member is not null
),

customer_months as (
    select * from {{ ref('int_customer_months') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

-- What was so from the end of one month to the end of the next in which something was said.
standing as (
    select
        customer_key,
        month,
        max_by(is_member, {{ ordered_by(['occurred_at', 'source_name', 'loyalty_event_id']) }}) as is_member,
        -- a day that never comes, and not NULL: a join that asks for either would compare every month with every standing
        coalesce(lead(month) over (partition by customer_key order by month), cast('9999-12-31' as date)) as until_month
    from events
    group by customer_key, month
),

moved as (
    select
        customer_key,
        month,
        cohort_month,
        is_active,
        lag(is_active) over (partition by customer_key order by month) as was_active
    from customer_months
),

at_start as (
    select
        moved.month,
        case
            when {{ months_between('moved.cohort_month', 'moved.month') }} <= 2 then 'onboarding'
            when {{ months_between('moved.cohort_month', 'moved.month') }} <= 11 then 'developing'
            else 'loyal'
        end as tenure,
        coalesce(cast(customers.{{ nps_stratum() }} as {{ dbt.type_string() }}), 'unknown') as stratum,
        coalesce(standing.is_member, 0) as is_member,
        case when moved.is_active then 1 else 0 end as is_retained
    from moved
    left join customers on customers.customer_key = moved.customer_key
    left join standing
        on standing.customer_key = moved.customer_key
        and standing.month < moved.month
        and standing.until_month >= moved.month
    where moved.was_active
),

strata as (
    select
        month,
        sum(is_member) as members,
        sum(is_member * is_retained) as members_retained,
        sum(1 - is_member) as others,
        sum((1 - is_member) * is_retained) as others_retained
    from at_start
    group by month, tenure, stratum
),

-- Members count where there is somebody like them. Decimals sum to the same last digit whatever the order of the rows.
compared as (
    select
        month,
        cast(sum(members) as bigint) as members_compared,
        cast(sum(members_retained) as double) / sum(members) as member_retention_rate,
        cast(sum(cast({{ ratio('members * others_retained', 'others') }} as decimal(28, 12))) as double) / sum(members)
            as comparison_retention_rate,
        sqrt(cast(sum(cast(members * members * (
            {{ adjusted_share_variance('members_retained', 'members') }} + {{ adjusted_share_variance('others_retained', 'others') }}
        ) as decimal(28, 12))) as double)) / sum(members) as error
    from strata
    where members > 0 and others > 0
    group by month
),

measured as (
    select
        month,
        members_compared,
        member_retention_rate,
        comparison_retention_rate,
        member_retention_rate - comparison_retention_rate as retention_difference,
        greatest(-1.0, member_retention_rate - comparison_retention_rate - {{ z_95() }} * error) as retention_difference_low,
        least(1.0, member_retention_rate - comparison_retention_rate + {{ z_95() }} * error) as retention_difference_high
    from compared
)

select * from measured
