{%- set dimensions = customer_dimensions() + ['channel'] %}
{%- set counts = ['interactions', 'sent', 'delivered', 'bounced', 'unique_opens', 'unique_clicks', 'unsubscribes', 'complaints'] %}
with channel_months as (
    select * from {{ ref('int_customer_channel_months') }}
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

attributed as (
    select
        channel_months.*,
        {% for dimension in customer_dimensions() %}
        customers.{{ dimension }}{{ ',' if not loop.last }}
        {% endfor %}
    from channel_months
    left join customers on channel_months.customer_key = customers.customer_key
),

-- one row per customer within each dimension value, so that a customer on three channels is one customer
by_customer as (
    select
        attributed.month,
        dimensions.dimension,
        {{ dimension_value(dimensions, 'attributed') }} as dimension_value,
        attributed.customer_key,
        {% for count in counts %}
        sum(attributed.{{ count }})::bigint as {{ count }},
        {% endfor -%}
        sum(case when attributed.channel = 'email' then attributed.unique_opens else 0 end)::bigint as email_opens,
        sum(case when attributed.is_active then attributed.interactions else 0 end)::bigint as interactions_of_active,
        count_if(attributed.is_reached)::bigint as channels
    from attributed
    cross join dimensions
    group by 1, 2, 3, 4
),

counted as (
    select
        month,
        dimension,
        dimension_value,
        {% for count in counts %}
        sum({{ count }})::bigint as {{ count }},
        {% endfor -%}
        sum(email_opens)::bigint as email_opens,
        sum(interactions_of_active)::bigint as interactions_of_active,
        count_if(channels > 0)::bigint as customers_reached,
        count_if(channels > 1)::bigint as omnichannel_customers
    from by_customer
    group by 1, 2, 3
),

active as (
    select month, dimension, dimension_value, sum(active_customers)::bigint as active_customers
    from base
    group by 1, 2, 3
),

spine as (
    select month, 'all' as dimension, 'all' as dimension_value
    from months
    where month >= (select min(month) from counted)
    union
    select month, dimension, dimension_value from counted
),

measured as (
    select
        spine.month,
        spine.dimension,
        spine.dimension_value,
        months.is_complete,
        {% for count in counts %}
        coalesce(counted.{{ count }}, 0) as {{ count }},
        {% endfor -%}
        {{ ratio('counted.unique_opens', 'counted.delivered') }} as open_rate,
        {{ ratio('counted.unique_clicks', 'counted.delivered') }} as click_rate,
        {{ ratio('counted.unique_clicks', 'counted.unique_opens') }} as click_to_open_rate,
        {{ ratio('counted.unsubscribes', 'counted.delivered') }} as unsubscribe_rate,
        {{ ratio('counted.complaints', 'counted.delivered') }} as complaint_rate,
        -- mail privacy proxies fetch every picture, read or not
        case when counted.unique_opens > 0 then counted.email_opens = 0 end as is_open_rate_reliable,
        coalesce(active.active_customers, 0) as active_customers,
        coalesce(counted.interactions_of_active, 0) as interactions_of_active,
        {{ ratio('coalesce(counted.interactions_of_active, 0)', 'active.active_customers') }} as interactions_per_active_customer,
        coalesce(counted.customers_reached, 0) as customers_reached,
        case when spine.dimension <> 'channel' then coalesce(counted.omnichannel_customers, 0) end as omnichannel_customers,
        case when spine.dimension <> 'channel' then {{ ratio('counted.omnichannel_customers', 'counted.customers_reached') }} end
            as omnichannel_share
    from spine
    inner join months on spine.month = months.month
    left join counted
        on spine.month = counted.month
        and spine.dimension = counted.dimension
        and spine.dimension_value = counted.dimension_value
    left join active
        on spine.month = active.month
        and active.dimension = case when spine.dimension = 'channel' then 'all' else spine.dimension end
        and active.dimension_value = case when spine.dimension = 'channel' then 'all' else spine.dimension_value end
)

select * from measured
