with
second as (
    select * from {{ ref('int_identity_components_second') }}
),

{{ contract_further('second', rounds=6) }}

select * from components
