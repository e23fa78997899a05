{#- Scores of everyone who may be told about. Rounded as declared, so that a record changes only when what the receiver sees changes; so the
    as-of date stays outside the compared fields there. -#}
{% macro customer_scores(destination) -%}
with
{{ sendable(destination) }},

scores as (
    select
        {{ identity_of(destination) }},
        cast(round(churn_probability, 4) as decimal(5, 4)) as churn_probability,
        churn_risk_band,
        cast(round(clv_predicted, 2) as decimal(28, 2)) as clv_predicted,
        next_best_action,
        last_nps as nps,
        lifecycle_stage,
        as_of_date
    from sendable
)

select * from scores
{%- endmacro %}
