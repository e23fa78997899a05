{#- Whom a destination may be told about, as the CTE `sendable`: one row of customer_360 each, with the id the outside knows them by. Nobody
    who was erased or has withdrawn from profiling; for a destination that sends marketing, only who has granted it on a channel of its.
    `profiles` is false where nothing is told but on which channels marketing was refused: that is owed to who withdrew as well. -#}
{% macro sendable(destination, profiles=true) -%}
{%- set channels = marketing_channels(destination) -%}
customers as (
    select * from {{ ref('customer_360') }}
    where {{ 'can_profile' if profiles else 'true' }}
    {%- if channels %}
        and ({% for channel in channels %}can_{{ channel }}{% if not loop.last %} or {% endif %}{% endfor %})
    {%- endif %}
),

external_ids as (
    select * from {{ ref('int_external_ids') }}
),
{% if writes_to_email(destination) %}
contacts as (
    select * from {{ ref('int_customer_contacts') }}
    where kind = 'email'
),

-- An address that several customers share would give one of them the scores of another.
addresses as (
    select
        known.customer_key,
        known.email
    from {{ ref('int_customers') }} as known
    inner join contacts
        on known.customer_key = contacts.customer_key
        and contacts.contact = {{ email_key('known.email') }}
    where {{ destination in var('destinations') }}
),
{% endif %}
sendable as (
    select
        customers.*,
        external_ids.external_id
        {%- if writes_to_email(destination) %},
        addresses.email
        {%- endif %}
    from customers
    inner join external_ids on customers.customer_key = external_ids.customer_key
    {%- if writes_to_email(destination) %}
    left join addresses on customers.customer_key = addresses.customer_key
    {%- endif %}
)
{%- endmacro %}

{#- The first columns of every audience. -#}
{% macro identity_of(destination) -%}
    external_id,
    customer_key
    {%- if writes_to_email(destination) %},
    lower(trim(email)) as email
    {%- endif %}
    {%- if marketing_channels(destination) %},
    true as has_marketing_consent
    {%- endif %}
{%- endmacro %}

{#- The channels on which a vendor sends marketing; none for a system of record. -#}
{% macro marketing_channels(destination) -%}
    {{ return({'braze': ['email', 'sms', 'push'], 'klaviyo': ['email', 'sms', 'push'], 'customerio': ['email', 'sms', 'push'],
        'mailchimp': ['email']}.get(destination, [])) }}
{%- endmacro %}

{#- Vendors that know a customer by address. It is in their audiences only where the company has configured one of them. -#}
{% macro writes_to_email(destination) -%}
    {{ return(destination in ('hubspot', 'klaviyo', 'mailchimp')) }}
{%- endmacro %}
