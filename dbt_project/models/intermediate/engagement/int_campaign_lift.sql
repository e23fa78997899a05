-- Margin of a treated customer against a held-out one, weighted by inverse propensity (Hájek), with its standard error and degrees of
-- freedom.
with arms as (
    select * from {{ ref('int_campaign_arms') }}
),

sums as (
    select
        source_name,
        campaign_id,
        is_holdout,
        count(*)::bigint as customers,
        count_if(was_contacted)::bigint as contacted,
        sum(cost) as cost,
        count_if(is_mature)::bigint as matured,
        sum(case when is_mature then weight end)::double as weights,
        sum(case when is_mature then (weight::double * margin::double)::decimal(38, 8) end)::double as weighted,
        sum(case when is_mature then (weight::double * weight::double)::decimal(38, 8) end)::double as w2,
        sum(case when is_mature then (weight::double * weight::double * margin::double)::decimal(38, 8) end)::double as w2y,
        sum(case when is_mature then (power(weight::double, 2) * power(margin::double, 2))::decimal(38, 8) end)::double as w2y2
    from arms
    group by 1, 2, 3
),

means as (
    select
        *,
        weighted / nullif(weights, 0) as mean_margin
    from sums
),

measured as (
    select
        *,
        greatest(0.0, w2y2 - 2 * mean_margin * w2y + mean_margin * mean_margin * w2)
        / nullif(weights * weights, 0) * matured / nullif(matured - 1, 0) as squared_error
    from means
),

paired as (
    select
        coalesce(treated.source_name, held_out.source_name) as source_name,
        coalesce(treated.campaign_id, held_out.campaign_id) as campaign_id,
        coalesce(treated.customers, 0) as treated_customers,
        coalesce(held_out.customers, 0) as held_out_customers,
        coalesce(held_out.contacted, 0) as held_out_contacted,
        coalesce(treated.matured, 0) as treated_matured,
        coalesce(held_out.matured, 0) as held_out_matured,
        case when treated.cost is not null or held_out.cost is not null then coalesce(treated.cost, 0) + coalesce(held_out.cost, 0) end
            as action_cost,
        treated.mean_margin as margin_per_treated,
        held_out.mean_margin as margin_per_held_out,
        -- one customer is no comparison
        case when treated.matured > 1 and held_out.matured > 1 then treated.mean_margin - held_out.mean_margin end as lift,
        sqrt(treated.squared_error + held_out.squared_error) as lift_error,
        {{ welch_df('treated.squared_error', 'treated.matured', 'held_out.squared_error', 'held_out.matured') }} as degrees_of_freedom
    from (select * from measured where not is_holdout) as treated
    full outer join (select * from measured where is_holdout) as held_out
        on treated.source_name = held_out.source_name
        and treated.campaign_id = held_out.campaign_id
)

select * from paired
