-- One customer out of all records of theirs. Each attribute is the best record's that states it: a record that still exists before a
-- deleted or merged one, a CRM's before a billing system's, the one changed last before older ones; of those that changed at one time (an
-- import touches all) the one made last; only then by source and id.
{%- set attributes = ['email', 'phone', 'full_name', 'company_name', 'country', 'region', 'industry', 'company_size', 'acquisition_channel',
    'owner', 'birth_year', 'gender', 'income_band'] + custom_columns() %}
{%- set personal = ['email', 'phone', 'full_name'] %}

with
identities as (
    select * from {{ ref('int_customer_identities') }}
),

crm as (
    select * from {{ canonical('crm_customers') }}
),

billing as (
    select * from {{ canonical('billing_customers') }}
),

orders as (
    select customer_key, min(ordered_at) as first_order_at from {{ ref('int_orders') }} group by customer_key
),

subscriptions as (
    select * from {{ ref('int_subscriptions') }}
),

records as (
    select
        source_name, 'crm' as record_type, customer_id as source_customer_id, created_at, coalesce(updated_at, created_at) as changed_at,
        deleted_at is not null as is_deleted, merged_into_customer_id is not null as is_merged, {{ attributes | join(', ') }}
    from crm
    union all
    select
        source_name, 'billing' as record_type, billing_customer_id as source_customer_id, created_at, created_at as changed_at,
        deleted_at is not null as is_deleted, false as is_merged, email
        {%- for attribute in attributes[1:] %}, null as {{ attribute }}{% endfor %}
    from billing
),

ranked as (
    select
        identities.customer_key,
        records.*,
        row_number() over (
            partition by identities.customer_key
            order by
                case when records.is_deleted or records.is_merged then 1 else 0 end,
                case records.record_type when 'crm' then 1 else 2 end,
                records.changed_at desc nulls last,
                records.created_at desc nulls last,
                records.source_name,
                records.source_customer_id
        ) as preference
    from records
    inner join identities
        on identities.source_name = records.source_name
        and identities.record_type = records.record_type
        and identities.source_customer_id = records.source_customer_id
),

-- Outside, a customer is known by the id of a CRM's record, even where nothing but an account is left of them.
named as (
    select *, case record_type when 'crm' then preference else preference + count(*) over (partition by customer_key) end as naming
    from ranked
),

merged as (
    select
        customer_key,
        min_by(source_name, naming) as primary_source_name,
        min_by(source_customer_id, naming) as primary_source_id,
        min(created_at) as first_record_at,
        bool_and(is_deleted) as is_deleted,
        {%- for attribute in attributes %}
        min_by({{ attribute }}, case when {{ attribute }} is not null then preference end) as {{ attribute }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from named
    group by customer_key
),

-- The plan of today: of the paid subscription that runs, else of the last one that did. A trial that was never paid for, one that still
-- runs included, tells of a plan only where nothing else does.
plans as (
    select customer_key, plan, min(started_at) over (partition by customer_key) as first_subscription_at
    from subscriptions
    qualify row_number() over (
        partition by customer_key
        order by
            case when can_pay and paid_from < {{ as_of_end() }} and (ends_at is null or paid_from < ends_at) then 0 else 1 end,
            ends_at desc nulls first,
            started_at desc,
            source_name,
            subscription_id
    ) = 1
),

-- Nobody is written to through a record that its source has deleted.
known as (
    select
        merged.customer_key,
        merged.primary_source_name,
        merged.primary_source_id,
        {%- for attribute in attributes %}
        {% if attribute in personal -%}
        case when not merged.is_deleted then merged.{{ attribute }} end as {{ attribute }},
        {%- else -%}
        merged.{{ attribute }},
        {%- endif %}
        {%- endfor %}
        least(merged.first_record_at, orders.first_order_at, plans.first_subscription_at) as first_seen_at,
        false as is_erased,
        plans.plan,
        merged.is_deleted
    from merged
    left join orders on orders.customer_key = merged.customer_key
    left join plans on plans.customer_key = merged.customer_key
)

select * from known
