-- How many people were asked for a recommendation, by month, view and dimension.
{%- set dimensions = customer_dimensions() + ['channel'] %}
with invitations as (
    select * from {{ ref('int_survey_invitations') }}
    where asks_nps
),

months as (
    select * from {{ ref('int_months') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

dimensions as (
    {{ dimension_names(dimensions) }}
),

period as (
    select
        {{ month_of('sent_at') }} as month,
        'period' as view,
        customer_key,
        channel,
        is_recorded
    from invitations
),

rolling as (
    -- one answer per person counts in this view, so one invitation per person does
    select
        months.month,
        'rolling_90d' as view,
        invitations.customer_key,
        invitations.channel,
        invitations.is_recorded
    from months
    inner join invitations
        on invitations.sent_at < months.measured_until
        and invitations.sent_at >= {{ add_days('months.measured_until', -var('nps_rolling_days')) }}
    qualify row_number() over (
        partition by months.month, invitations.respondent_key
        order by invitations.is_recorded desc, invitations.sent_at desc, invitations.source_name, invitations.invitation_id desc
    ) = 1
),

viewed as (
    select * from period
    union all
    select * from rolling
),

attributed as (
    select
        viewed.month,
        viewed.view,
        {% for dimension in customer_dimensions() %}
        customers.{{ dimension }},
        {% endfor -%}
        viewed.channel,
        viewed.is_recorded
    from viewed
    left join customers on viewed.customer_key = customers.customer_key
),

counted as (
    select
        attributed.month,
        attributed.view,
        dimensions.dimension,
        {{ dimension_value(dimensions, 'attributed') }} as dimension_value,
        count(*)::bigint as invited,
        count_if(attributed.is_recorded)::bigint as invited_recorded
    from attributed
    cross join dimensions
    group by 1, 2, 3, 4
)

select * from counted
