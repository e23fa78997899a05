with
graph as (
    select node, link from {{ ref('int_identity_instance_links') }}
),

{{ contract('graph', rounds=2) }}

select * from contracted
