{#- Whose survey row is it? By the CRM id in the survey's own source, by a CRM id that is one customer's in all sources, by an e-mail
    that is one customer's, both in one spelling (email_key). Gives the rows of `relation` with `customer_key` (NULL: nobody we know) and `respondent_key`, which
    holds answers of one person together also when the person is unknown. `row_id` names the row where nothing else does. -#}
{% macro with_survey_people(relation, row_id) -%}
crm_ids as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'crm'
),

unique_crm_ids as (
    select source_customer_id, min(customer_key) as customer_key
    from crm_ids
    group by source_customer_id
    having count(distinct customer_key) = 1
),

mailboxes as (
    select * from {{ ref('int_customer_contacts') }}
    where kind = 'email'
),

recognised as (
    select
        {{ relation }}.*,
        coalesce(crm_ids.customer_key, unique_crm_ids.customer_key, mailboxes.customer_key) as customer_key
    from {{ relation }}
    left join crm_ids
        on {{ relation }}.source_name = crm_ids.source_name
        and {{ relation }}.customer_id = crm_ids.source_customer_id
    left join unique_crm_ids on {{ relation }}.customer_id = unique_crm_ids.source_customer_id
    left join mailboxes on {{ email_key(relation ~ '.email') }} = mailboxes.contact
),

identified as (
    select
        recognised.*,
        case
            when customer_key is not null then customer_key
            when email is not null then {{ pseudonym('coalesce(' ~ email_key('email') ~ ', email)') }}
            when customer_id is not null then {{ stable_key(['source_name', 'customer_id']) }}
            else {{ stable_key(['source_name', row_id]) }}
        end as respondent_key
    from recognised
)
{%- endmacro %}
