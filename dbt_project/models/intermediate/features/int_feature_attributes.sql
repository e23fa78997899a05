-- Who is the customer, as far as the CRM had said by the cut-off? Of each attribute the newest value that any record of theirs had stated.
-- What was said first counts as having always been so: nobody knows what the record said before.
with spine as (
    select * from {{ ref('int_feature_spine') }}
),

-- A day for every version, so that the join below compares and nothing else: an OR in it would make the engine try every pair.
versions as (
    select
        *,
        case when version_number = 1 then cast('0001-01-01' as date) else known_from end as holds_from
    from {{ ref('int_attribute_versions') }}
),

stated as (
    select
        spine.customer_key,
        spine.cutoff_index
        {%- for name in attribute_columns() %},
        max_by(versions.{{ name }}, versions.version_number) filter (where versions.{{ name }} is not null) as {{ name }}
        {%- endfor %}
    from spine
    left join versions
        on spine.customer_key = versions.customer_key
        and versions.holds_from <= spine.cutoff_date
    group by 1, 2
)

select * from stated
