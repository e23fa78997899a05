-- Which rows of the input tables may be staged differently than in the build to continue. A row too many costs time, one too few would
-- be an error that stays: a key counts as soon as any of its versions, or what decides on them, has changed.
{%- set tables = input_tables() %}
{%- for table in tables %}
-- depends_on: {{ source('landing', table) }}
{%- endfor %}
-- depends_on: {{ source('ops', 'quarantined_rows') }}, {{ source('ops', 'built_quarantine') }}
{%- if continues() %}
with
quarantined as (
    select distinct table_name, source, load_id, row_number from {{ source('ops', 'quarantined_rows') }}
),

built_quarantine as (
    select * from {{ source('ops', 'built_quarantine') }}
),

requarantined as (
    (select table_name, source, load_id, row_number from quarantined
    except
    select table_name, source, load_id, row_number from built_quarantine)
    union all
    (select table_name, source, load_id, row_number from built_quarantine
    except
    select table_name, source, load_id, row_number from quarantined)
),

{%- for table in (tables.items() | rejectattr('1.parent', 'defined') | list) + (tables.items() | selectattr('1.parent', 'defined') | list) %}

changed_{{ table[0] }} as (
    {{ changed_keys(table[0]) }}
),
{%- endfor %}

changed as (
    {%- for table in tables %}
    select distinct '{{ table }}' as table_name, key_hash from changed_{{ table }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
)

select * from changed
{%- else %}
select nobody.table_name, {{ row_hash(['table_name'], 'nobody') }} as key_hash
from (select '' as table_name) as nobody
where false
{%- endif %}
