-- The same for the instances: records that were tied at one time.
with
second as (
    select * from {{ ref('int_identity_clusters_second') }}
),

{{ contract_further('second', rounds=6) }}

select * from components
