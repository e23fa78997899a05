{{ renewed('rows', table='crm_referrals') }}
with
newest as (
    {{ newest_versions('crm_referrals') }}
),

conformed as (
    select
        newest._source as source_name,
        newest.referral_id,
        newest.referrer_customer_id,
        newest.referred_customer_id,
        newest.referred_at,
        {{ known('newest.converted_at') }} as converted_at
    from newest
)

select * from conformed
