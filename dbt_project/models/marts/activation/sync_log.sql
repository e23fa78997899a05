-- A view: what of the log is published is chosen where the night hands it over, and copied by the release only.
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
        operation,
        outcome,
        code,
        release_id,
        attempted_at
    from attempts
)

select * from published
