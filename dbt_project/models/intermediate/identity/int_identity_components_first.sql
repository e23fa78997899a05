-- Records that were ever tied, directly or by way of others: the first rounds, which are all that most of them need.
with
graph as (
    select distinct seniority as node, link from {{ ref('int_identity_links') }}
),

{{ contract('graph', rounds=2) }}

select * from contracted
