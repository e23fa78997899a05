-- All features side by side. The attributes and every topic have every row of the spine; what is not in the spine tonight is kept.
{{ renewed('features') }}
{% set topics = feature_topics() %}
with spine as (
    select * from {{ ref('int_feature_spine') }}
),

attributes as (
    select * from {{ ref('int_feature_attributes') }}
),

{% for topic in topics %}
{{ topic }} as (
    select * from {{ ref('int_feature_' ~ topic) }}
),

{% endfor %}
joined as (
    select
        spine.customer_key,
        spine.cutoff_index,
        spine.cutoff_date,
        spine.is_for_customers,
        -- greatest() leaves out a NULL on both engines: a subscriber who never bought once still has a tenure
        cast(greatest(subscriptions.days_since_first_paid, orders.days_since_first_order) as double) as tenure_days
        {%- for name in attribute_columns() %},
        attributes.{{ name }}
        {%- endfor %}
        {%- for topic, names in topics.items() %}
        {%- for name in names %},
        {{ feature(topic, name) }}
        {%- endfor %}
        {%- endfor %}
    from spine
    inner join attributes
        on spine.customer_key = attributes.customer_key and spine.cutoff_index = attributes.cutoff_index
    {%- for topic in topics %}
    inner join {{ topic }}
        on spine.customer_key = {{ topic }}.customer_key and spine.cutoff_index = {{ topic }}.cutoff_index
    {%- endfor %}
)

select * from joined
