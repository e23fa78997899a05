-- Records of the sources whose facts are not the ones of the build to continue: rows of theirs have changed, they belong to another
-- customer now, or what they paid converts at another rate.
{%- if continues() %}
with
identities as (
    select source_name, record_type, source_customer_id, customer_key from {{ ref('int_customer_identities') }}
),

built_identities as (
    select source_name, record_type, source_customer_id, customer_key from {{ source('ops', 'built_identities') }}
),

moved as (
    (select * from identities
    except
    select * from built_identities)
    union all
    (select * from built_identities
    except
    select * from identities)
),

-- Whatever the currency: what was given back in another one than the order's is converted at the rates of both.
rates as (
    select distinct day from {{ ref('int_changed_rates') }}
),

stated as (
    select 'crm' as record_type, _source as source_name, customer_id as source_customer_id
    from {{ source('landing', 'crm_interactions') }} as landed
    where {{ changed_key('crm_interactions', key_hash('crm_interactions', 'landed')) }}
    {%- for table in ['billing_subscriptions', 'billing_invoice_lines', 'billing_payments'] %}
    union all
    select 'billing' as record_type, _source as source_name, billing_customer_id as source_customer_id
    from {{ source('landing', table) }} as landed
    where {{ changed_key(table, key_hash(table, 'landed')) }}
    {%- endfor %}
    {%- for table, time in {'billing_invoice_lines': 'issued_at', 'billing_payments': 'occurred_at'}.items() %}
    union all
    select 'billing' as record_type, facts.source_name, facts.billing_customer_id as source_customer_id
    from {{ canonical(table) }} as facts
    inner join rates on rates.day = cast(facts.{{ time }} as date)
    {%- endfor %}
    union all
    select 'billing' as record_type, source_name, billing_customer_id as source_customer_id from {{ ref('int_entangled_accounts') }}
    union all
    select record_type, source_name, source_customer_id from moved
),

changed as (
    select distinct record_type, {{ row_hash(['source_name', 'source_customer_id'], 'stated') }} as record_hash from stated
)

select * from changed
{%- else %}
-- depends_on: {{ ref('int_changed_rows') }}, {{ ref('int_changed_rates') }}, {{ ref('int_entangled_accounts') }}
-- depends_on: {{ canonical('billing_invoice_lines') }}, {{ canonical('billing_payments') }}, {{ source('ops', 'built_identities') }}
select record_type, {{ row_hash(['source_name', 'source_customer_id'], 'identities') }} as record_hash
from {{ ref('int_customer_identities') }} as identities
where false
{%- endif %}
