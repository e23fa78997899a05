{#- Top-two-box share of one survey metric by month and dimension: CSAT and CES are the same arithmetic and never the same table.
    `favourable` names the count, `share` the rate and, with _low and _high, its interval. -#}
{% macro satisfaction_monthly(metric, favourable, share) -%}
{%- set dimensions = customer_dimensions() + ['channel', 'touchpoint'] -%}
with months as (
    select * from {{ ref('int_months') }}
),

responses as (
    select * from {{ ref('int_survey_responses') }}
    where metric = '{{ metric }}'
),

customers as (
    select * from {{ ref('int_customers') }}
),

dimensions as (
    {{ dimension_names(dimensions) }}
),

attributed as (
    select
        {{ month_of('responses.responded_at') }} as month,
        {% for dimension in customer_dimensions() %}
        customers.{{ dimension }},
        {% endfor -%}
        responses.channel,
        responses.touchpoint,
        responses.is_top_two,
        responses.score_0_100,
        {{ scale_name('responses.scale_min', 'responses.scale_max') }} as scale
    from responses
    left join customers on responses.customer_key = customers.customer_key
),

counted as (
    select
        attributed.month,
        dimensions.dimension,
        {{ dimension_value(dimensions, 'attributed') }} as dimension_value,
        count(*)::bigint as responses,
        count_if(attributed.is_top_two)::bigint as favourable,
        sum(attributed.score_0_100)::double as total_score,
        {{ sorted_list('attributed.scale') }} as scales
    from attributed
    cross join dimensions
    group by 1, 2, 3
),

-- a month in which nobody answered still has its row over everyone, so that a gap is seen as a gap
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
        coalesce(counted.responses, 0) as responses,
        coalesce(counted.favourable, 0) as {{ favourable }},
        {{ ratio('counted.favourable', 'counted.responses') }} as {{ share }},
        {{ wilson_low('counted.favourable', 'counted.responses') }} as {{ share }}_low,
        {{ wilson_high('counted.favourable', 'counted.responses') }} as {{ share }}_high,
        {{ ratio('counted.total_score', 'counted.responses') }} as mean_score_0_100,
        counted.scales
    from spine
    inner join months on spine.month = months.month
    left join counted
        on spine.month = counted.month
        and spine.dimension = counted.dimension
        and spine.dimension_value = counted.dimension_value
)

select * from measured
{%- endmacro %}
