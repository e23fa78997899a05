-- What the CRM has said of a customer, and since when: every version of every record that landed and counts, not only the newest, so that
-- a past cut-off need not know what was edited after it. What its source has withdrawn counts only where nothing else is left of a record.
with
vanished as (
    {{ vanished_keys('crm_customers') }}
),

accepted as (
    {{ accepted_rows('crm_customers') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'crm'
),

judged as (
    select
        accepted.*,
        case when vanished.vanished_in > accepted._load_id then 1 else 0 end as is_withdrawn
    from accepted
    left join vanished
        on accepted._source = vanished._source and accepted.customer_id = vanished.customer_id
),

standing as (
    select *
    from judged
    qualify is_withdrawn = min(is_withdrawn) over (partition by _source, customer_id)
),

numbered as (
    select
        identities.customer_key,
        row_number() over (
            partition by identities.customer_key
            order by
                coalesce(standing.updated_at, standing.created_at) nulls first,
                standing._source,
                standing.customer_id,
                standing._load_id,
                standing._row_number
        ) as version_number,
        cast(coalesce(standing.updated_at, standing.created_at) as date) as known_from
        {%- for name in attribute_columns() %},
        {{ filled('standing.' ~ name) }} as {{ name }}
        {%- endfor %}
    from standing
    inner join identities
        on standing._source = identities.source_name and standing.customer_id = identities.source_customer_id
)

select * from numbered
