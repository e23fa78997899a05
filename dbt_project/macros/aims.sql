{#- What an action may aim at besides keeping the customer: how it is measured after a decision, and what one unit of it is worth tonight. -#}

{#- The newest month that is over by the end of `day`, as its first day. -#}
{% macro month_closed_by(day) -%}
    {{ add_months(month_of(add_days(day, 1)), -1) }}
{%- endmacro %}

{#- How much more a customer brought after a decision, as a share of what is usual for them; in `action_log`. Contractual: the rise of MRR from
    month end to month end; whoever left gained nothing, that is the matter of retention. Non-contractual: orders within the window. A share,
    at most 2, as the rise of one large customer would drown all others; NULL where nothing is usual. -#}
{% macro expansion() -%}
    {%- if var('business_model') == 'contractual' -%}
    case
        when paid.mrr_before > 0 then least(coalesce(nullif(paid.mrr_after, 0) / paid.mrr_before - 1, 0), 2)
    end
    {%- else -%}
    case
        when features.order_value_360d > 0
            then least(coalesce(earned.amount, 0) / (features.order_value_360d * {{ var('churn_horizon_days') }} / 360.0) - 1, 2)
    end
    {%- endif -%}
{%- endmacro %}

{#- What one unit of the aim of an action is worth with a customer, in the reporting currency; NULL: their predicted value, which dbt does
    not know yet. A rise of MRR is paid for as long as lifetime values look ahead, more orders within the window once. -#}
{% macro worth_of_aim() -%}
    case catalogue.aims_at
        when 'retention' then cast(null as double)
        when 'expansion' then
    {%- if var('business_model') == 'contractual' %}
            coalesce(features.mrr, 0) * {{ var('gross_margin') }} * {{ var('clv_horizon_days') }} * 12 / 365.0
    {%- else %}
            coalesce(features.order_value_360d, 0) * {{ var('gross_margin') }} * {{ var('churn_horizon_days') }} / 360.0
    {%- endif %}
        else catalogue.worth
    end
{%- endmacro %}
