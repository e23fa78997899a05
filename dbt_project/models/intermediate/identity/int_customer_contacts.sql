-- Whom an e-mail address or a phone number belongs to. One that several customers hold belongs to nobody. That very many records hold it makes
-- no difference where all of them are one customer by other ties: then whoever writes from it is that customer.
with
records as (
    select * from {{ ref('int_identity_records') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
),

held as (
    select
        identities.customer_key,
        records.email_key,
        records.phone_key
    from records
    inner join identities
        on identities.source_name = records.source_name
        and identities.record_type = records.record_type
        and identities.source_customer_id = records.source_customer_id
),

contacts as (
    select 'email' as kind, email_key as contact, customer_key from held where email_key is not null
    union all
    select 'phone' as kind, phone_key as contact, customer_key from held where phone_key is not null
),

owned as (
    select kind, contact, min(customer_key) as customer_key
    from contacts
    group by kind, contact
    having count(distinct customer_key) = 1
)

select * from owned
