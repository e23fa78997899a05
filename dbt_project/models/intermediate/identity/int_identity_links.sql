-- Records that share a `link` at the same time are one customer. An e-mail or phone that more than `max_shared_contact_records` records hold
-- is a shared mailbox or switchboard, and says nothing about who somebody is as long as they do.
with
ties as (
    select * from {{ ref('int_identity_ties') }}
),

counted as (
    select
        *,
        matched_by in ('email', 'phone')
        and count(*) over (partition by link) > {{ var('max_shared_contact_records') }} as is_in_doubt
    from ties
),

changes as (
    select link, changed_at, sum(change) as change
    from (
        select link, valid_from as changed_at, 1 as change from counted where is_in_doubt
        union all
        select link, valid_to as changed_at, -1 as change from counted where is_in_doubt and valid_to is not null
    ) as comings_and_goings
    group by link, changed_at
),

judged as (
    select
        link,
        changed_at,
        sum(change) over (partition by link order by changed_at rows unbounded preceding)
        <= {{ var('max_shared_contact_records') }} as is_personal
    from changes
),

turns as (
    select *
    from judged
    qualify is_personal is distinct from lag(is_personal) over (partition by link order by changed_at)
),

personal_spans as (
    select link, personal_from, personal_to
    from (
        select
            link,
            changed_at as personal_from,
            lead(changed_at) over (partition by link order by changed_at) as personal_to,
            is_personal
        from turns
    ) as spans
    where is_personal
),

links as (
    select seniority, matched_by, link, valid_from, valid_to from counted where not is_in_doubt
    union all
    select
        counted.seniority,
        counted.matched_by,
        counted.link,
        greatest(counted.valid_from, personal_spans.personal_from) as valid_from,
        least(counted.valid_to, personal_spans.personal_to) as valid_to
    from counted
    inner join personal_spans
        on personal_spans.link = counted.link
        and (counted.valid_to is null or personal_spans.personal_from < counted.valid_to)
        and (personal_spans.personal_to is null or counted.valid_from < personal_spans.personal_to)
    where counted.is_in_doubt
    qualify min(counted.seniority) over (partition by counted.link) <> max(counted.seniority) over (partition by counted.link)
)

select * from links
