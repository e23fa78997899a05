with
started as (
    select * from {{ ref('int_identity_components_first') }}
),

{{ propagate_labels('started', rounds=3) }}

select * from propagated
