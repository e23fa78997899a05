{#- When is a customer active, and when have they left? A subscription is a spell of days; a purchase is a spell of one day. -#}

{#- Kinds of interactions that are use of what a customer has. -#}
{% macro usage_kinds() -%}
    {{ return(['usage', 'login', 'visit']) }}
{%- endmacro %}

{#- The earliest last day of a spell that still makes a customer active at the end of `day`. -#}
{% macro activity_starts(day) -%}
    {%- if var('business_model') == 'contractual' -%}
        {{ day }}
    {%- else -%}
        cast({{ add_days(day, 1 - var('activity_window_days')) }} as date)
    {%- endif -%}
{%- endmacro %}

{#- Whether a spell shows that the customer stayed over the window after `day` that ends with `until`: a paying subscription is live
    at its end, or a purchase was made in it. -#}
{% macro is_retained(spell, day, until) -%}
    {%- if var('business_model') == 'contractual' -%}
        {{ spell }}.first_day <= {{ until }} and ({{ spell }}.last_day is null or {{ spell }}.last_day >= {{ until }})
    {%- else -%}
        {{ spell }}.first_day > {{ day }} and {{ spell }}.first_day <= {{ until }}
        and ({{ spell }}.voided_day is null or {{ spell }}.voided_day > {{ until }})
    {%- endif -%}
{%- endmacro %}

{#- Whether a customer who last bought at `moment` has been silent, by the end of `day`, for more than two thirds of the window after
    which they count as gone. -#}
{% macro is_silent(moment, day) -%}
    3 * {{ days_between(moment, day) }} > 2 * {{ var('activity_window_days') }}
{%- endmacro %}

{#- Whether a row of the seed `lifecycle_rules` fits the facts of a customer; an empty condition always holds. -#}
{% macro rule_fits(rules, facts) -%}
    coalesce({{ rules }}.has_been_active = {{ facts }}.has_been_active, true)
        and coalesce({{ rules }}.is_active = {{ facts }}.is_active, true)
        and coalesce({{ rules }}.has_warning = {{ facts }}.has_warning, true)
        and ({{ rules }}.max_months_since_return is null or {{ facts }}.months_since_return <= {{ rules }}.max_months_since_return)
        and ({{ rules }}.max_tenure_months is null or {{ facts }}.tenure_months <= {{ rules }}.max_tenure_months)
{%- endmacro %}
