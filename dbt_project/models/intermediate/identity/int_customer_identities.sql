-- Which customer each record belongs to now: what every fact is joined by, so that a merge or a split takes the whole history along.
with
spans as (
    select * from {{ ref('int_identity_spans') }}
),

current_spans as (
    select
        source_name,
        record_type,
        source_customer_id,
        customer_key,
        matched_by,
        valid_from
    from spans
    where valid_to is null
)

select * from current_spans
