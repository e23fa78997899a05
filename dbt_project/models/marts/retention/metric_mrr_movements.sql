{%- set amounts = [
    ('new', '', 'new_mrr'),
    ('reactivation', '', 'reactivation_mrr'),
    ('expansion', '', 'expansion_mrr'),
    ('contraction', '-', 'contraction_mrr'),
    ('churn', '-', 'churned_mrr'),
] -%}

with
subscription_months as (
    select * from {{ ref('fct_subscription_months') }}
),

summed as (
    select
        month,
        cast(sum(opening_mrr) as decimal(28, 6)) as opening_mrr,
        {%- for movement, sign, name in amounts %}
        cast(sum(case when movement = '{{ movement }}' then {{ sign }}movement_amount else 0 end) as decimal(28, 6)) as {{ name }},
        {%- endfor %}
        cast(sum(mrr) as decimal(28, 6)) as closing_mrr,
        {%- for kind in ['voluntary', 'involuntary', 'expired'] %}
        cast(sum(case when churn_kind = '{{ kind }}' then -movement_amount else 0 end) as decimal(28, 6)) as churned_{{ kind }}_mrr,
        {%- endfor %}
        bool_and(is_complete) as is_complete
    from subscription_months
    group by month
)

select * from summed
