{%- set counts = ['interactions', 'sent', 'delivered', 'bounced', 'unique_opens', 'unique_clicks', 'unsubscribes', 'complaints'] %}
{%- set summed = counts + ['email_opens', 'interactions_of_active'] %}
with channel_months as {{ inlined() }} (
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
    {{ dimension_names(customer_dimensions()) }}
),

-- one row per customer and month, so that a customer on three channels is one customer
by_customer as (
    select
        channel_months.month,
        channel_months.customer_key,
        {% for count in counts %}
        sum(channel_months.{{ count }}) as {{ count }},
        {% endfor -%}
        sum(case when channel_months.channel = 'email' then channel_months.unique_opens else 0 end) as email_opens,
        sum(case when channel_months.is_active then channel_months.interactions else 0 end) as interactions_of_active,
        count_if(channel_months.is_reached) as channels
    from channel_months
    group by 1, 2
),

-- summed once over all attributes together, so that each dimension re-reads groups and not customers
grouped as (
    select
        by_customer.month,
        {% for dimension in customer_dimensions() %}
        customers.{{ dimension }},
        {% endfor -%}
        {% for count in summed %}
        sum(by_customer.{{ count }}) as {{ count }},
        {% endfor -%}
        count_if(by_customer.channels > 0) as customers_reached,
        count_if(by_customer.channels > 1) as omnichannel_customers
    from by_customer
    left join customers on by_customer.customer_key = customers.customer_key
    group by all
),

split as (
    select
        grouped.month,
        dimensions.dimension,
        {{ dimension_value(customer_dimensions(), 'grouped') }} as dimension_value,
        {% for count in summed + ['customers_reached', 'omnichannel_customers'] %}
        sum(grouped.{{ count }})::bigint as {{ count }}{{ ',' if not loop.last }}
        {% endfor %}
    from grouped
    cross join dimensions
    group by 1, 2, 3
),

by_channel as (
    select
        month,
        'channel' as dimension,
        coalesce(channel, 'unknown') as dimension_value,
        {% for count in counts %}
        sum({{ count }})::bigint as {{ count }},
        {% endfor -%}
        sum(case when channel = 'email' then unique_opens else 0 end)::bigint as email_opens,
        sum(case when is_active then interactions else 0 end)::bigint as interactions_of_active,
        count_if(is_reached)::bigint as customers_reached,
        0::bigint as omnichannel_customers
    from channel_months
    group by 1, 2, 3
),

counted as (
    select * from split
    union all
    select * from by_channel
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
    union
    -- active customers of whom nothing was heard count too: no interactions is an answer
    select month, dimension, dimension_value from active
    where month >= (select min(month) from counted)
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
