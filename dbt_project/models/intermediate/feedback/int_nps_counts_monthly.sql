-- Promoters, passives and detractors by month, view, dimension and stratum; everything that NPS is computed from.
{%- set dimensions = customer_dimensions() + ['channel', 'touchpoint'] %}
with responses as (
    select
        answers.*,
        coalesce(surveys.has_invitations, false) as is_recorded
    from {{ ref('int_survey_responses') }} as answers
    left join {{ ref('int_surveys') }} as surveys
        on answers.source_name = surveys.source_name
        and coalesce(answers.survey_id, '') = surveys.survey
    where answers.metric = 'nps'
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
        {{ month_of('responded_at') }} as month,
        'period' as view,
        customer_key,
        nps_group,
        channel,
        touchpoint,
        is_recorded
    from responses
),

rolling as (
    select
        months.month,
        'rolling_90d' as view,
        responses.customer_key,
        responses.nps_group,
        responses.channel,
        responses.touchpoint,
        -- whoever answered what they were asked has answered, whatever they said unasked since
        bool_or(responses.is_recorded) over (partition by months.month, responses.respondent_key) as is_recorded
    from months
    inner join responses
        on responses.responded_at < months.measured_until
        and responses.responded_at >= {{ add_days('months.measured_until', -var('nps_rolling_days')) }}
    qualify row_number() over (
        partition by months.month, responses.respondent_key
        order by responses.responded_at desc, responses.source_name, responses.response_id desc
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
        viewed.nps_group,
        viewed.channel,
        viewed.touchpoint,
        viewed.is_recorded,
        {% for dimension in customer_dimensions() %}
        customers.{{ dimension }},
        {% endfor -%}
        -- a person nobody knows belongs to no segment and carries no weight
        case when viewed.customer_key is not null then coalesce(cast(customers.{{ nps_stratum() }} as {{ dbt.type_string() }}), 'unknown') end
            as stratum
    from viewed
    left join customers on viewed.customer_key = customers.customer_key
),

counted as (
    select
        attributed.month,
        attributed.view,
        dimensions.dimension,
        {{ dimension_value(dimensions, 'attributed') }} as dimension_value,
        attributed.stratum,
        count(*)::bigint as responses,
        count_if(attributed.is_recorded)::bigint as responses_recorded,
        count_if(attributed.nps_group = 'promoter')::bigint as promoters,
        count_if(attributed.nps_group = 'passive')::bigint as passives,
        count_if(attributed.nps_group = 'detractor')::bigint as detractors
    from attributed
    cross join dimensions
    group by 1, 2, 3, 4, 5
)

select * from counted
