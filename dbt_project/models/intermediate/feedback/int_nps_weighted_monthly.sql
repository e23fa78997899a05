-- NPS with each segment at its share of the active customer base: what it would be if all segments answered alike.
with answered as (
    select * from {{ ref('int_nps_counts_monthly') }}
    where stratum is not null
),

base as (
    select * from {{ ref('int_active_base_monthly') }}
),

weighted as (
    -- channel and touchpoint describe the answer, not the customer: there the whole base is the target
    select
        answered.month,
        answered.view,
        answered.dimension,
        answered.dimension_value,
        base.active_customers,
        (100.0 * (answered.promoters - answered.detractors) / answered.responses)::decimal(18, 10) as nps
    from answered
    inner join base
        on answered.month = base.month
        and answered.stratum = base.stratum
        and base.dimension = case when answered.dimension in ('channel', 'touchpoint') then 'all' else answered.dimension end
        and base.dimension_value = case when answered.dimension in ('channel', 'touchpoint') then 'all' else answered.dimension_value end
),

averaged as (
    -- decimals sum to the same last digit whatever the order of the rows
    select
        month,
        view,
        dimension,
        dimension_value,
        sum(active_customers * nps)::double / nullif(sum(active_customers), 0)::double as nps_weighted
    from weighted
    group by 1, 2, 3, 4
)

select * from averaged
