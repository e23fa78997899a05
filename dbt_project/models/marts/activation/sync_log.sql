-- A view: it is read once, by the release, and that of ninety nights is long.
{{ config(materialized='view') }}
with attempts as (
    select * from {{ source('ops', 'sync_log') }}
),

published as (
    select
        destination,
        audience,
        customer_key,
        external_id,
        outcome,
        code,
        release_id,
        attempted_at
    from attempts
)

select * from published
