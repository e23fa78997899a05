-- Whose features are computed tonight, and as of when. A past cut-off knows tonight what it knew last night, unless something of its
-- customer has changed since: those rows are kept. All are computed where nothing is continued, and where cut-offs have moved on.
-- depends_on: {{ ref('int_touched_features') }}, {{ source('ops', 'built_features') }}
with rows_needed as (
    select * from {{ ref('int_feature_rows') }}
)

{%- if continues() %},

touched as (
    select * from {{ ref('int_touched_features') }}
),

built as (
    select * from {{ source('ops', 'built_features') }}
),

spine as (
    select rows_needed.*
    from rows_needed
    left join built
        on rows_needed.customer_key = built.customer_key
        and rows_needed.cutoff_index = built.cutoff_index
        and rows_needed.cutoff_date = built.cutoff_date
        and rows_needed.is_for_customers = built.is_for_customers
    left join touched on rows_needed.customer_key = touched.customer_key
    where rows_needed.cutoff_index = 0
        or built.customer_key is null
        or touched.customer_key is not null
)

select * from spine
{%- else %}

select * from rows_needed
{%- endif %}
