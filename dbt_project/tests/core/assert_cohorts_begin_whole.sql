-- Month 0 is 1 by construction, a month that is not over is NULL, and customers never exceed their cohort.
select *
from {{ ref('metric_cohort_retention') }}
where (months_since = 0 and is_complete and cohort_size <> 0 and retention_rate is distinct from 1)
    or is_complete = (retained is null)
    or (basis = 'customers' and retained > cohort_size)
