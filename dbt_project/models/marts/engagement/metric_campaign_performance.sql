with campaigns as (
    select
        *,
        coalesce(currency, '{{ var("reporting_currency") }}') as cost_currency,
        coalesce(started_at::date, {{ as_of_date() }}) as cost_day
    from {{ canonical('crm_campaigns') }}
),

daily as {{ inlined() }} (
    select * from {{ ref('int_interactions_daily') }}
),

reporting as (
    {{ delivery_reporting('daily') }}
),

attribution as (
    select * from {{ ref('int_campaign_attribution') }}
),

lift as (
    select * from {{ ref('int_campaign_lift') }}
),

costed as (
    select
        campaigns.*,
        {{ to_reporting('campaigns.cost_minor') }} as stated_cost
    from campaigns
    {{ join_rate('campaigns.cost_currency', 'campaigns.cost_day') }}
),

contacted as (
    select
        daily.source_name,
        daily.campaign_id,
        {% for kind in ['sent', 'delivered', 'bounced', 'unsubscribed', 'complained'] -%}
        sum(case when daily.kind = '{{ kind }}' then daily.interactions else 0 end)::bigint as {{ kind }},
        {% endfor -%}
        greatest(sum({{ presumed_delivered('daily', 'reporting') }}), 0)::bigint as presumed_delivered,
        count(distinct case when daily.kind = 'opened' then daily.customer_key || coalesce(daily.contact, '') end)::bigint as unique_opens,
        count(distinct case when daily.kind = 'clicked' then daily.customer_key || coalesce(daily.contact, '') end)::bigint as unique_clicks,
        count_if(daily.kind = 'opened' and daily.channel = 'email') as email_opens
    from daily
    left join reporting
        on daily.source_name = reporting.source_name
        and daily.channel = reporting.channel
    where daily.campaign_id is not null
    group by 1, 2
),

-- contacts of a campaign that no source describes still count
keys as (
    select source_name, campaign_id from costed
    union
    select source_name, campaign_id from contacted
),

joined as (
    select
        keys.source_name,
        keys.campaign_id,
        costed.name,
        costed.channel,
        costed.action,
        costed.started_at,
        costed.ended_at,
        coalesce(contacted.sent, 0) as sent,
        coalesce(contacted.delivered + contacted.presumed_delivered, 0) as delivered,
        coalesce(contacted.bounced, 0) as bounced,
        coalesce(contacted.unique_opens, 0) as unique_opens,
        coalesce(contacted.unique_clicks, 0) as unique_clicks,
        contacted.email_opens,
        coalesce(contacted.unsubscribed, 0) as unsubscribes,
        coalesce(contacted.complained, 0) as complaints,
        coalesce(costed.stated_cost, lift.action_cost)::decimal(28, 6) as cost,
        lift.treated_customers,
        lift.held_out_customers,
        lift.held_out_contacted,
        lift.treated_matured,
        lift.margin_per_treated,
        lift.margin_per_held_out,
        lift.lift,
        {{ welch_width('lift.lift_error', 'lift.degrees_of_freedom') }} as lift_width,
        coalesce(attribution.attributed_orders, 0) as attributed_orders,
        {% for model in ['first', 'last', 'linear'] -%}
        coalesce(attribution.attributed_revenue_{{ model }}, 0)::decimal(28, 6) as attributed_revenue_{{ model }},
        {% endfor -%}
        case
            when lift.held_out_customers > 0 then 'holdout'
            when attribution.campaign_id is not null then 'attribution_linear'
            else 'none'
        end as return_method
    from keys
    {% for part in ['costed', 'contacted', 'lift', 'attribution'] -%}
    left join {{ part }}
        on keys.source_name = {{ part }}.source_name
        and keys.campaign_id = {{ part }}.campaign_id
    {% endfor %}
),

measured as (
    select
        campaign_id,
        source_name as source,
        name,
        channel,
        action,
        started_at,
        ended_at,
        sent,
        delivered,
        bounced,
        unique_opens,
        unique_clicks,
        unsubscribes,
        complaints,
        {{ ratio('unique_opens', 'delivered') }} as open_rate,
        {{ ratio('unique_clicks', 'delivered') }} as click_rate,
        {{ ratio('unique_clicks', 'unique_opens') }} as click_to_open_rate,
        -- mail privacy proxies fetch every picture, read or not
        case when unique_opens > 0 then email_opens = 0 end as is_open_rate_reliable,
        cost,
        return_method,
        coalesce(treated_customers, 0) as treated_customers,
        coalesce(held_out_customers, 0) as held_out_customers,
        coalesce(held_out_contacted, 0) as held_out_contacted,
        coalesce(treated_matured, 0) as treated_matured,
        margin_per_treated,
        margin_per_held_out,
        treated_matured * lift as incremental_margin,
        treated_matured * (lift - lift_width) as incremental_margin_low,
        treated_matured * (lift + lift_width) as incremental_margin_high,
        attributed_orders,
        attributed_revenue_first,
        attributed_revenue_last,
        attributed_revenue_linear,
        case return_method
            -- margin of the matured over their share of the cost
            when 'holdout' then treated_customers * lift
            when 'attribution_linear' then attributed_revenue_linear::double * {{ var('gross_margin') }}
        end / nullif(cost, 0)::double as return_on_cost,
        case when return_method = 'holdout' then treated_customers * (lift - lift_width) end / nullif(cost, 0)::double
            as return_on_cost_low,
        case when return_method = 'holdout' then treated_customers * (lift + lift_width) end / nullif(cost, 0)::double
            as return_on_cost_high
    from joined
)

select * from measured
