-- Every pair of scores has exactly one segment.
select r_score, fm_score, count(*) as segments
from {{ ref('rfm_segments') }}
group by r_score, fm_score
having count(*) <> 1
union all
select null as r_score, null as fm_score, count(*) as segments
from {{ ref('rfm_segments') }}
having count(*) <> 25
