-- An amount whose rate is missing is an error, never 1.0: one row per currency, with the first day that lacks a rate.
-- Nor is a cost of which none is known: it would be taken for one that nobody stated.
with amounts as (
    select currency, cast(ordered_at as date) as day, net_amount_reporting as converted from {{ ref('int_orders') }}
    union all
    select currency, least(last_day(month), {{ as_of_date() }}) as day, mrr as converted from {{ ref('int_subscription_months') }}
),

costs as (
    select currency, coalesce(cast(started_at as date), {{ as_of_date() }}) as day, cost_minor from {{ canonical('crm_campaigns') }}
    union all
    select currency, cast(decided_at as date) as day, cost_minor from {{ canonical('crm_actions') }}
),

needed as (
    select currency, day, converted from amounts
    union all
    select costs.currency, costs.day, {{ to_reporting('costs.cost_minor') }} as converted
    from costs
    {{ join_rate('costs.currency', 'costs.day') }}
    where costs.cost_minor is not null
)

select currency, min(day) as first_day
from needed
where converted is null
group by currency
order by currency
