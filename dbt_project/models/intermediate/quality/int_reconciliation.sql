-- Nothing is dropped silently: landed = staged + deduplicated + quarantined + after_as_of, counted here and tested on every run.
-- `deduplicated` is counted from the landed rows by their keys, not taken from what staging left over.
with
quarantined_rows as (
    select distinct source, table_name, load_id, row_number from {{ source('ops', 'quarantined_rows') }}
),

{% for table in input_tables() -%}
{{ table }} as (
    {{ reconcile(table) }}
),

{% endfor -%}
reconciled as (
    {%- for table in input_tables() %}
    select * from {{ table }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from reconciled
