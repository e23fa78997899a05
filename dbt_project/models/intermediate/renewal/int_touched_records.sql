-- Every record of the customers whose facts are built anew, and changed records that are no customer's.
{%- if continues() %}
with
identities as (
    select * from {{ ref('int_customer_identities') }}
),

customers as (
    select * from {{ ref('int_touched_customers') }}
),

touched as (
    select record_type, record_hash from {{ ref('int_changed_records') }}
    union
    select identities.record_type, {{ row_hash(['source_name', 'source_customer_id'], 'identities') }} as record_hash
    from identities
    inner join customers on customers.customer_key = identities.customer_key
)

select * from touched
{%- else %}
-- depends_on: {{ ref('int_touched_customers') }}, {{ ref('int_customer_identities') }}
select * from {{ ref('int_changed_records') }} where false
{%- endif %}
