-- Customers whose features of past cut-offs are computed anew: those whose months of revenue are, those of whom something else is told
-- than in the build to continue, and all of them where the rate of any day has changed, as prices of back then convert with it.
{%- if continues() %}
with
facts as (
    select * from {{ ref('int_feature_facts') }}
),

built_facts as (
    select * from {{ source('ops', 'built_facts') }}
),

rates as (
    select * from {{ ref('int_changed_rates') }}
),

touched as (
    select customer_key from {{ ref('int_touched_payers') }}
    union
    select coalesce(facts.customer_key, built_facts.customer_key) as customer_key
    from facts
    full outer join built_facts on facts.customer_key = built_facts.customer_key
    where facts.facts_hash is distinct from built_facts.facts_hash
    union
    select customer_key from {{ ref('int_feature_rows') }}
    where exists (select 1 from rates)
)

select * from touched
{%- else %}
-- depends_on: {{ source('ops', 'built_facts') }}, {{ ref('int_feature_facts') }}
-- depends_on: {{ ref('int_changed_rates') }}, {{ ref('int_touched_payers') }}
select customer_key from {{ ref('int_feature_rows') }} where false
{%- endif %}
