-- Records that share a link have one customer; a row here means that a chain was longer than the rounds of propagate_labels.
select link, count(distinct label) as customers
from {{ ref('int_identity_components') }}
group by link
having count(distinct label) > 1
