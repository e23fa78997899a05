{{ config(severity='warn') }}
-- E-mails and phones tie more parts together than `max_records_per_customer`: nobody is published merged because of them. A row a cluster, with
-- its size: look at what its records share (int_identity_links), and mend it at the source or raise the limit.
with latest as (
    select *
    from {{ ref('int_identity_assignments') }}
    qualify valid_from = max(valid_from) over (partition by component)
)

select cluster, count(*) as records, count(distinct eldest) as customers, min(seniority) as most_senior
from latest
where is_pulled_apart
group by cluster
