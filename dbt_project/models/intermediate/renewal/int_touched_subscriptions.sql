-- Subscriptions whose months are built anew: those of touched accounts, and those that have begun or stopped since to be paid, billed or
-- live, without any row of theirs having changed.
{%- if continues() %}
with
lines as (
    select source_name, subscription_id, period_start, period_end from {{ ref('int_recurring_lines') }}
),

subscriptions as (
    select source_name, subscription_id, paid_from, ends_at from {{ ref('int_subscriptions') }}
),

stated as (
    select _source as source_name, subscription_id
    from {{ source('landing', 'billing_subscriptions') }} as landed
    where {{ touched_record('billing', 'landed', 'billing_customer_id', source='_source') }}
    union all
    select source_name, subscription_id from lines where {{ has_come('period_start') }} or {{ has_come('period_end') }}
    union all
    select source_name, subscription_id from subscriptions where {{ has_come('paid_from') }} or {{ has_come('ends_at') }}
),

touched as (
    select distinct {{ row_hash(['source_name', 'subscription_id'], 'stated') }} as subscription_hash from stated
)

select * from touched
{%- else %}
-- depends_on: {{ ref('int_touched_records') }}, {{ ref('int_recurring_lines') }}
select {{ row_hash(['source_name', 'subscription_id'], 'subscriptions') }} as subscription_hash
from {{ ref('int_subscriptions') }} as subscriptions
where false
{%- endif %}
