-- A record that has joined another customer used to give a key of its own, or would have, had it stood alone: where that key has gone.
with
identities as (
    select * from {{ ref('int_customer_identities') }}
    where matched_by <> 'named_elsewhere'
),

keyed as (
    select
        {{ stable_key(['source_name', 'record_type', 'source_customer_id']) }} as old_customer_key,
        customer_key,
        valid_from as redirected_from
    from identities
),

redirects as (
    select *
    from keyed
    where old_customer_key <> customer_key
)

select * from redirects
