-- What each record said of who it is, from when until when. A version counts from its `updated_at`, without one from the day its load landed,
-- the first one from the day the record was made. The last one is the version that staging chose.
{%- set record = 'source_name, record_type, source_customer_id' %}

with
landed as (
    select *, coalesce(updated_at >= {{ as_of_end() }}, false) as is_later from {{ ref('int_identity_landed') }}
),

-- What the source has taken back counts only where nothing else is left of the record.
standing as (
    select *
    from landed
    qualify case when is_withdrawn then 1 else 0 end = min(case when is_withdrawn then 1 else 0 end) over (partition by {{ record }})
),

-- The order of `newest_versions`, backwards.
placed as (
    select
        *,
        row_number() over (
            partition by {{ record }}
            order by
                is_later desc,
                case when not is_later then updated_at end nulls first,
                updated_at desc nulls first,
                load_id,
                row_number
        ) as place,
        count(*) over (partition by {{ record }}) as places,
        coalesce(
            min(created_at) over (partition by {{ record }}),
            cast(least(cast(min(landed_at) over (partition by {{ record }}) as date), {{ as_of_date() }}) as timestamp)
        ) as existed_from
    from standing
),

-- Of versions with one time of change the last counts. A change later than the as-of day is taken only where there is no other version.
counted as (
    select *
    from placed
    where not is_later or place = places
    qualify updated_at is null or updated_at is distinct from lead(updated_at) over (partition by {{ record }} order by place)
),

dated as (
    select
        *,
        case
            when place = min(place) over (partition by {{ record }}) then existed_from
            when updated_at is not null then greatest(updated_at, existed_from)
            else greatest(cast(least(cast(landed_at as date), {{ as_of_date() }}) as timestamp), existed_from)
        end as known_from
    from counted
),

bounded as (
    select
        *,
        min(known_from) over (partition by {{ record }} order by place rows between 1 following and unbounded following) as known_to,
        {{ stable_key(['email_key', 'phone_key', 'company_code', 'linked_customer_id', 'merged_into_customer_id']) }} as content
    from dated
),

lasting as (
    select *
    from bounded
    where known_to is null or known_from < known_to
),

changed as (
    select *
    from lasting
    qualify content is distinct from lag(content) over (partition by {{ record }} order by place)
),

versions as (
    select
        source_name,
        record_type,
        source_customer_id,
        existed_from,
        known_from as valid_from,
        lead(known_from) over (partition by {{ record }} order by place) as valid_to,
        email_key,
        phone_key,
        company_code,
        linked_customer_id,
        merged_into_customer_id
    from changed
)

select * from versions
