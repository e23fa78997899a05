-- Referrals under persistent customer keys. Whoever refers themselves, also from a second record, has referred nobody.
with referrals as (
    select * from {{ canonical('crm_referrals') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
    where record_type = 'crm'
),

identified as (
    select
        referrals.source_name,
        referrals.referral_id,
        referrers.customer_key as referrer_key,
        referred.customer_key as referred_key,
        referrals.referred_at,
        referrals.converted_at
    from referrals
    inner join identities as referrers
        on referrals.source_name = referrers.source_name
        and referrals.referrer_customer_id = referrers.source_customer_id
    left join identities as referred
        on referrals.source_name = referred.source_name
        and referrals.referred_customer_id = referred.source_customer_id
    where referrers.customer_key is distinct from referred.customer_key
)

select * from identified
