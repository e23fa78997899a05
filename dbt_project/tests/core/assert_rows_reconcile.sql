-- Every landed row is staged, superseded, quarantined or later than the as-of day.
select *
from {{ ref('int_reconciliation') }}
where landed <> staged + deduplicated + quarantined + after_as_of
