with
identities as (
    select * from {{ ref('int_identity_spans') }}
),

published as (
    select
        source_name as source,
        record_type,
        source_customer_id,
        customer_key,
        matched_by,
        valid_from,
        valid_to
    from identities
)

select * from published
