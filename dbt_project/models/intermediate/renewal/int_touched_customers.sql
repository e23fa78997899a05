-- Customers whose facts are built anew tonight: those of changed records, as they are matched now and as they were; all of them where a
-- trait of a source has changed, or the rate of a month that is over.
{%- if continues() %}
with
identities as (
    select source_name, record_type, source_customer_id, customer_key from {{ ref('int_customer_identities') }}
    union all
    select source_name, record_type, source_customer_id, customer_key from {{ source('ops', 'built_identities') }}
),

traits as (
    select trait, source_name, detail from {{ ref('int_source_traits') }}
),

built_traits as (
    select trait, source_name, detail from {{ source('ops', 'built_traits') }}
),

alarms as (
    (select trait from (select * from traits except select * from built_traits) as come)
    union all
    (select trait from (select * from built_traits except select * from traits) as gone)
    union all
    select currency as trait from {{ ref('int_changed_rates') }} where day < {{ as_of_month() }}
),

records as (
    select * from {{ ref('int_changed_records') }}
),

touched as (
    select distinct customer_key
    from identities
    where exists (select 1 from alarms)
        or exists (
            select 1 from records
            where records.record_type = identities.record_type
                and records.record_hash = {{ row_hash(['source_name', 'source_customer_id'], 'identities') }}
        )
)

select * from touched
{%- else %}
-- depends_on: {{ source('ops', 'built_identities') }}, {{ source('ops', 'built_traits') }}
-- depends_on: {{ ref('int_source_traits') }}, {{ ref('int_changed_rates') }}, {{ ref('int_changed_records') }}
select customer_key from {{ ref('int_customer_identities') }} where false
{%- endif %}
