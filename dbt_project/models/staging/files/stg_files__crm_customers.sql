{{ renewed('rows', table='crm_customers') }}
with
newest as (
    {{ newest_versions('crm_customers') }}
),

conformed as (
    select
        newest._source as source_name,
        newest.customer_id,
        newest.created_at,
        newest.updated_at,
        coalesce(
            {{ known('newest.deleted_at') }},
            case when newest.has_vanished then cast({{ as_of_date() }} as timestamp) end
        ) as deleted_at,
        lower({{ filled('newest.email') }}) as email,
        {{ filled('newest.phone') }} as phone,
        {{ filled('newest.full_name') }} as full_name,
        {{ filled('newest.company_name') }} as company_name,
        {{ filled('newest.country') }} as country,
        {{ filled('newest.region') }} as region,
        newest.birth_year,
        {{ filled('newest.gender') }} as gender,
        {{ filled('newest.income_band') }} as income_band,
        {{ filled('newest.industry') }} as industry,
        {{ filled('newest.company_size') }} as company_size,
        {{ filled('newest.acquisition_channel') }} as acquisition_channel,
        {{ filled('newest.owner') }} as owner,
        {{ filled('newest.merged_into_customer_id') }} as merged_into_customer_id
        {%- for column in custom_columns() %},
        {{ filled('newest.' ~ column) }} as {{ column }}
        {%- endfor %}
    from newest
)

select * from conformed
