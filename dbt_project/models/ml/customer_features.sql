with features as (
    select * from {{ ref('int_customer_features') }}
    where is_for_customers
),

activity as (
    select * from {{ ref('int_cutoff_activity') }}
),

labelled as (
    select
        features.customer_key,
        features.cutoff_date,
        features.cutoff_index = 0 as is_tonight,
        activity.label_left,
        activity.left_after_days
        {%- for name in feature_columns() %},
        features.{{ name }}
        {%- endfor %}
    from features
    inner join activity
        on features.customer_key = activity.customer_key and features.cutoff_index = activity.cutoff_index
)

select * from labelled
