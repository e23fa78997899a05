-- An amount whose rate is missing is an error, never 1.0: one row per currency, with the first day that lacks a rate.
with amounts as (
    select currency, cast(ordered_at as date) as day, net_amount_reporting as converted from {{ ref('int_orders') }}
    union all
    select currency, least(last_day(month), {{ as_of_date() }}) as day, mrr as converted from {{ ref('int_subscription_months') }}
    union all
    select currency, received_day as day, amount_reporting as converted from {{ ref('int_money_received') }}
    union all
    select currency, day, cost_reporting as converted from {{ ref('int_stated_costs') }}
    union all
    select currency, {{ as_of_date() }} as day, cost as converted from {{ ref('int_action_catalogue') }}
)

select 'exchange_rates needs a rate for ' || coalesce(currency, 'an unnamed currency') || ' of ' || cast(min(day) as varchar) || ' or before' as advice
from amounts
where converted is null
group by currency
order by currency
