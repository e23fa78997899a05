{#- So many months back lies the last window that shares no answer: of 90 days three, of 45 two. -#}
{%- set periods_back = {'period': 1, 'rolling_90d': (var('nps_rolling_days') / 30) | round(0, 'ceil') | int} %}
with months as (
    select * from {{ ref('int_months') }}
),

counts as (
    select * from {{ ref('int_nps_counts_monthly') }}
),

invited as (
    select * from {{ ref('int_nps_invited_monthly') }}
),

weighted as (
    select * from {{ ref('int_nps_weighted_monthly') }}
),

answered as (
    select
        month,
        view,
        dimension,
        dimension_value,
        sum(responses)::bigint as responses,
        sum(responses_recorded)::bigint as responses_recorded,
        sum(promoters)::bigint as promoters,
        sum(passives)::bigint as passives,
        sum(detractors)::bigint as detractors
    from counts
    group by 1, 2, 3, 4
),

started as (
    select view, min(month) as first_month
    from (select view, month from answered union all select view, month from invited) as seen
    group by 1
),

-- a month in which nobody answered still has its row over everyone, so that a gap is seen as a gap
spine as (
    select months.month, started.view, 'all' as dimension, 'all' as dimension_value
    from started
    inner join months on months.month >= started.first_month
    union
    select month, view, dimension, dimension_value from answered
    union
    select month, view, dimension, dimension_value from invited
),

joined as (
    select
        spine.month,
        spine.view,
        spine.dimension,
        spine.dimension_value,
        months.is_complete,
        coalesce(answered.responses, 0) as responses,
        coalesce(answered.promoters, 0) as promoters,
        coalesce(answered.passives, 0) as passives,
        coalesce(answered.detractors, 0) as detractors,
        -- an invitation does not say which occasion it was for
        case when spine.dimension <> 'touchpoint' then coalesce(invited.invited, 0) end as invited,
        case when spine.dimension <> 'touchpoint' then coalesce(invited.invited_recorded, 0) end as invited_recorded,
        coalesce(answered.responses_recorded, 0) as responses_recorded,
        weighted.nps_weighted
    from spine
    inner join months on spine.month = months.month
    {% for part in ['answered', 'invited', 'weighted'] -%}
    left join {{ part }}
        on spine.month = {{ part }}.month
        and spine.view = {{ part }}.view
        and spine.dimension = {{ part }}.dimension
        and spine.dimension_value = {{ part }}.dimension_value
    {% endfor %}
),

compared as (
    -- windows of the rolling view overlap from month to month; the previous period is the last window that shares no answer
    select
        joined.*,
        {{ nps_z('joined', 'earlier') }} as z
    from joined
    left join joined as earlier
        on joined.view = earlier.view
        and joined.dimension = earlier.dimension
        and joined.dimension_value = earlier.dimension_value
        and earlier.month = case joined.view
            {% for view, months_back in periods_back.items() -%}
            when '{{ view }}' then {{ add_months('joined.month', -months_back) }}
            {% endfor %}
        end
),

measured as (
    select
        month,
        view,
        dimension,
        dimension_value,
        is_complete,
        responses,
        promoters,
        passives,
        detractors,
        {{ nps('promoters', 'detractors', 'responses') }} as nps,
        {{ nps_low('promoters', 'detractors', 'responses') }} as nps_low,
        {{ nps_high('promoters', 'detractors', 'responses') }} as nps_high,
        responses >= {{ var('nps_min_responses') }} as is_reliable,
        invited,
        invited_recorded,
        responses_recorded,
        -- without a record of invitations only those that were answered are known: that gives no rate
        {{ ratio('responses_recorded', 'invited_recorded') }} as response_rate,
        nps_weighted,
        abs(z) > {{ z_95() }} as nps_change_significant
    from compared
)

select * from measured
