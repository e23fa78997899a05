-- The first rounds of `propagate_labels`; a table of its own keeps the second half cheap on engines that expand every CTE.
with
links as (
    select * from {{ ref('int_identity_links') }}
),

started as (
    select distinct seniority, link, seniority as label from links
),

{{ propagate_labels('started', rounds=3) }}

select * from propagated
