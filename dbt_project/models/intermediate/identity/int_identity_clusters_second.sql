with
first as (
    select * from {{ ref('int_identity_clusters_first') }}
),

{{ contract_further('first', rounds=6) }}

select * from components
