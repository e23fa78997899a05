-- What was billed for subscriptions: recurring lines, and the discounts that reduce them, of invoices that stand; and which of them were
-- billed beside a running term, to which they add (decision 43).
{{ renewed('accounts') }}
with
lines as {{ inlined() }} (
    select *
    from {{ canonical('billing_invoice_lines') }} as lines
    where (kind in ('recurring', 'discount') or (kind = 'proration' and amount_minor < 0))
        and coalesce(invoice_status, 'open') not in ('draft', 'void')
        {%- if continues() %}
        and {{ touched_record('billing', 'lines', 'billing_customer_id') }}
        {%- endif %}
),

subscriptions as (
    select * from {{ canonical('billing_subscriptions') }}
),

recurring as (
    select * from lines where kind = 'recurring' and subscription_id is not null
),

-- `shared_invoice_id`: the invoice whose subscriptions a discount without one of its own is shared by.
discounts as (
    select *, case when subscription_id is null then invoice_id end as shared_invoice_id
    from lines
    where kind = 'discount'
),

-- What each subscription is billed on an invoice with a discount, and which share of the invoice that is.
billed as (
    select
        recurring.source_name,
        recurring.invoice_id,
        recurring.subscription_id,
        min(recurring.period_start) as period_start,
        max(recurring.period_end) as period_end,
        count(*) over (partition by recurring.source_name, recurring.invoice_id) as subscriptions,
        cast(greatest(sum(recurring.amount_minor), 0) as double) / nullif(
            sum(greatest(sum(recurring.amount_minor), 0)) over (partition by recurring.source_name, recurring.invoice_id), 0
        ) as share
    from recurring
    where recurring.invoice_id in (select invoice_id from discounts)
    group by recurring.source_name, recurring.invoice_id, recurring.subscription_id
),

-- A discount that names no subscription is that of all on its invoice, each by its share. One without a period has that of what it names,
-- or of the only one there. Each join compares and nothing else: with an OR in it the engine would try every pair.
placed_discounts as (
    select
        discounts.source_name,
        discounts.billing_customer_id,
        coalesce(discounts.subscription_id, shared.subscription_id) as subscription_id,
        discounts.invoice_id,
        discounts.invoice_status,
        discounts.issued_at,
        coalesce(discounts.period_start, shared.period_start, named.period_start, alone.period_start, discounts.issued_at) as period_start,
        coalesce(discounts.period_end, shared.period_end, named.period_end, alone.period_end) as period_end,
        cast(-abs(discounts.amount_minor) * case when shared.subscriptions > 1 then shared.share else 1 end as decimal(28, 8)) as amount_minor,
        discounts.currency
    from discounts
    left join billed as shared
        on shared.source_name = discounts.source_name
        and shared.invoice_id = discounts.shared_invoice_id
    left join billed as named
        on named.source_name = discounts.source_name
        and named.invoice_id = discounts.invoice_id
        and named.subscription_id = discounts.subscription_id
    left join (select * from billed where subscriptions = 1) as alone
        on alone.source_name = discounts.source_name
        and alone.invoice_id = discounts.invoice_id
),

-- What is taken back lowers a price as a discount does. A credit for the rest of a period is no price, but counts against what took its place.
placed as (
    select
        source_name, billing_customer_id, subscription_id, invoice_id, invoice_status, issued_at,
        coalesce(period_start, issued_at) as period_start, period_end, amount_minor, currency,
        amount_minor < 0 as is_discount, kind = 'proration' as is_rest
    from lines
    where kind in ('recurring', 'proration') and subscription_id is not null
    union all
    select
        source_name, billing_customer_id, subscription_id, invoice_id, invoice_status, issued_at,
        period_start, period_end, amount_minor, currency, true as is_discount, false as is_rest
    from placed_discounts
    where subscription_id is not null and amount_minor is not null
),

-- A line that does not say for how long it is, is for one billing period.
counted as (
    select
        placed.source_name,
        placed.billing_customer_id,
        placed.subscription_id,
        placed.invoice_id,
        placed.invoice_status,
        placed.issued_at,
        placed.period_start,
        coalesce(
            placed.period_end,
            {{ period_after('placed.period_start', 'subscriptions.interval', 'subscriptions.interval_count') }}
        ) as period_end,
        placed.amount_minor,
        placed.currency,
        placed.is_discount,
        placed.is_rest,
        {{ interval_days('subscriptions.interval', 'subscriptions.interval_count') }} as interval_days
    from placed
    left join subscriptions
        on subscriptions.source_name = placed.source_name
        and subscriptions.subscription_id = placed.subscription_id
),

dated as (
    select
        *,
        cast(period_start as date) as first_day,
        cast(period_end as date) as end_day,
        not is_discount and coalesce(abs({{ elapsed_days('period_start', 'period_end') }} / interval_days - 1) <= 0.1, true) as is_term
    from counted
),

-- How far whole terms reach that began on a day, and that began before it. Lines by the day and not by pairs: the engine would try them all.
terms as (
    select
        {{ of_subscription() }},
        first_day,
        max(case when is_term then end_day end) as reach,
        max(max(case when is_term then end_day end)) over (
            partition by {{ of_subscription() }}
            order by first_day
            rows between unbounded preceding and 1 preceding
        ) as reach_before
    from dated
    group by {{ of_subscription() }}, first_day
),

-- Inside a whole term and shorter; or as long, and issued when it was over while the term was billed ahead.
compared as (
    select
        dated.*,
        coalesce(terms.reach_before >= dated.end_day or terms.reach > dated.end_day, false)
        or (
            dated.issued_at >= {{ add_days('dated.period_end', -1) }}
            and coalesce(min(case when dated.is_term then dated.issued_at end) over (
                partition by {{ of_subscription('dated') }}, dated.first_day, dated.end_day
            ) < {{ add_days('dated.period_end', -1) }}, false)
        ) as is_beside
    from dated
    left join terms
        on terms.source_name = dated.source_name
        and terms.billing_customer_id = dated.billing_customer_id
        and terms.subscription_id = dated.subscription_id
        and terms.currency = dated.currency
        and terms.first_day = dated.first_day
),

-- What is taken back from the day on which something is added counts against that; by itself it adds nothing.
told as (
    select
        source_name,
        billing_customer_id,
        subscription_id,
        invoice_id,
        invoice_status,
        issued_at,
        period_start,
        period_end,
        amount_minor,
        currency,
        is_discount,
        is_rest,
        is_beside and max(case when is_beside and not is_discount then 1 else 0 end) over (
            partition by {{ of_subscription() }}, first_day
        ) = 1 as is_addition
    from compared
)

select source_name, billing_customer_id, subscription_id, invoice_id, invoice_status, issued_at,
    period_start, period_end, amount_minor, currency, is_discount, is_addition
from told
where is_addition or not is_rest
