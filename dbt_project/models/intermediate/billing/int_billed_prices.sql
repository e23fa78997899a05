-- What a subscription was billed for a month, normalised to a month, at the end of that month.
{{ renewed('subscriptions') }}
with
lines as (
    select *
    from {{ ref('int_recurring_lines') }} as lines
    {%- if continues() %}
    where {{ touched_subscription('lines') }}
    {%- endif %}
),

subscriptions as (
    select * from {{ ref('int_subscriptions') }}
),

months as (
    select * from {{ ref('int_months') }}
),

-- A line of the trial says nothing about the price after it; one that reaches beyond the trial counts from its end.
priced as (
    select
        lines.*,
        subscriptions.interval,
        subscriptions.interval_count,
        greatest(lines.period_start, subscriptions.paid_from) as counts_from,
        lines.amount_minor * {{ billed_factor(
            'subscriptions.interval',
            'subscriptions.interval_count',
            'lines.period_start',
            'lines.period_end'
        ) }} as monthly_minor
    from lines
    inner join subscriptions
        on subscriptions.source_name = lines.source_name
        and subscriptions.subscription_id = lines.subscription_id
    where greatest(lines.period_start, subscriptions.paid_from) < {{ as_of_end() }}
        and (lines.period_start >= subscriptions.paid_from or lines.period_end > subscriptions.paid_from)
),

spread as (
    select
        priced.*,
        {{ series_of(
            'month',
            month_of('priced.counts_from'),
            'least(' ~ month_of('priced.period_end') ~ ', ' ~ as_of_month() ~ ')'
        ) }} as month
    from priced
),

-- A line counts for the months whose last instant it covers, and as an earlier price for the month in which it begins to count.
placed as (
    select
        spread.*,
        months.measured_until,
        spread.period_end >= months.measured_until as covers_end
    from spread
    inner join months on months.month = spread.month
    where spread.period_end >= months.measured_until or spread.month = {{ month_of('spread.counts_from') }}
),

paid as (
    select
        *,
        max(case when covers_end and invoice_status = 'paid' and not coalesce(is_discount, false) then 1 else 0 end) over (
            partition by source_name, subscription_id, month
        ) = 1 as is_paid
    from placed
),

-- Lines of one invoice that cover the same instant add up; of several invoices the later one has replaced the earlier.
-- What discounts and credits alone say is no price: on an invoice of their own they would make a paying customer one who has left.
invoiced as (
    select
        source_name,
        subscription_id,
        month,
        covers_end,
        case when covers_end then null else period_start end as earlier_start,
        invoice_id,
        currency,
        is_paid,
        max(issued_at) as issued_at,
        max(period_start) as newest_start,
        min(period_start) as period_start,
        max(period_end) as period_end,
        greatest(sum(monthly_minor), 0) as monthly_minor
    from paid
    where not coalesce(is_addition, false)
    group by
        source_name, subscription_id, month, covers_end, case when covers_end then null else period_start end, invoice_id, currency, is_paid
    having min(case when is_discount then 1 else 0 end) = 0
),

chosen as (
    select *
    from invoiced
    qualify row_number() over (
        partition by source_name, subscription_id, month
        order by covers_end desc, newest_start desc, issued_at desc, invoice_id desc, currency
    ) = 1
),

-- What was billed beside the running term, on whatever invoice, adds to it as long as both last (decision 43).
added as (
    select
        paid.source_name,
        paid.subscription_id,
        paid.month,
        sum(paid.amount_minor * {{ added_factor('paid', 'chosen') }}) as monthly_minor
    from paid
    inner join chosen
        on chosen.source_name = paid.source_name
        and chosen.subscription_id = paid.subscription_id
        and chosen.month = paid.month
        and chosen.currency = paid.currency
    where paid.is_addition
        and paid.covers_end
        and chosen.covers_end
        and cast(paid.period_start as date) >= cast(chosen.period_start as date)
        and cast(paid.period_end as date) <= cast(chosen.period_end as date)
    group by paid.source_name, paid.subscription_id, paid.month
)

select
    chosen.source_name,
    chosen.subscription_id,
    chosen.month,
    chosen.covers_end,
    chosen.currency,
    greatest(chosen.monthly_minor + coalesce(added.monthly_minor, 0), 0) as monthly_minor,
    chosen.is_paid
from chosen
left join added
    on added.source_name = chosen.source_name
    and added.subscription_id = chosen.subscription_id
    and added.month = chosen.month
