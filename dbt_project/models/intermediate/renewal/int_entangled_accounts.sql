-- Accounts of a billing system that share an invoice or a subscription with another one. A sound source has none; where one has, what is
-- computed for the one account depends on rows of the other, so they are always built anew. Once found they stay in the list until the
-- next full build: the row that entangled them may be gone by now.
-- depends_on: {{ ref('int_changed_rows') }}
{{ renewed('nothing') }}
{%- set sharing = {
    'billing_invoice_lines': ['invoice_id', 'subscription_id'],
    'billing_payments': ['invoice_id'],
    'billing_subscriptions': ['subscription_id'],
} %}

with
staged as (
    {%- for table, columns in sharing.items() %}
    {%- set last_table = loop.last %}
    {%- for column in columns %}
    select source_name, billing_customer_id, '{{ column }}' as kind, {{ column }} as shared_id
    from {{ canonical(table) }}
    where {{ column }} is not null
    {{- '\n    union all' if not (loop.last and last_table) }}
    {%- endfor %}
    {%- endfor %}
),

{% if continues() -%}
-- Only what has changed can have become entangled. Some ids are staged as they landed, others without surrounding blanks.
changed as (
    {%- for table, columns in sharing.items() %}
    {%- set last_table = loop.last %}
    {%- for column in columns %}
    {%- set last_column = loop.last %}
    {%- for spelling in [column, filled(column)] %}
    select _source as source_name, '{{ column }}' as kind, {{ spelling }} as shared_id
    from {{ source('landing', table) }} as landed
    where {{ changed_key(table, key_hash(table, 'landed')) }}
    {{- '\n    union all' if not (loop.last and last_column and last_table) }}
    {%- endfor %}
    {%- endfor %}
    {%- endfor %}
),

{% endif -%}
hashed as (
    select
        source_name,
        billing_customer_id,
        {{ row_hash(['source_name', 'billing_customer_id'], 'staged') }} as account_hash,
        {{ row_hash(['source_name', 'kind', 'shared_id'], 'staged') }} as shared_hash
    from staged
    {%- if continues() %}
    where {{ row_hash(['source_name', 'kind', 'shared_id'], 'staged') }} in (
        select {{ row_hash(['source_name', 'kind', 'shared_id'], 'changed') }} from changed
    )
    {%- endif %}
),

shared as (
    select shared_hash
    from hashed
    group by shared_hash
    having min(account_hash) <> max(account_hash)
),

entangled as (
    select distinct source_name, billing_customer_id
    from hashed
    where shared_hash in (select shared_hash from shared)
    {%- if continues() %}
    except
    select source_name, billing_customer_id from {{ this }}
    {%- endif %}
)

select * from entangled
