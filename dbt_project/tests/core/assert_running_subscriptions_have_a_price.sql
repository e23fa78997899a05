{{ config(severity='warn') }}
-- More than a fifth of a source's running subscriptions have no price: no invoice line bills them and their record states none. They are
-- nobody's revenue, and whoever has no other subscription is not active. A row a source: have it export `unit_amount` (or `unit_minor`) of
-- billing_subscriptions, or billing_invoice_lines that name the subscription. Free of charge is a price: 0.
select
    source_name,
    count(*) as running_subscriptions,
    sum(case when mrr_minor is null then 1 else 0 end) as without_a_price
from {{ ref('int_subscription_months') }}
where month = {{ as_of_month() }}
group by source_name
having sum(case when mrr_minor is null then 1 else 0 end) * 5 > count(*)
