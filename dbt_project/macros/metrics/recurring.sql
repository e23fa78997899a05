{#- What turns the price of one billing period into a month's: year ÷ 12, quarter ÷ 3, week × 52/12, day × 365/12. DOUBLE. -#}
{% macro monthly_factor(interval, interval_count) -%}
    (case {{ interval }}
        when 'year' then 1e0 / 12
        when 'quarter' then 1e0 / 3
        when 'month' then 1e0
        when 'week' then 52e0 / 12
        when 'day' then 365e0 / 12
    end / coalesce(nullif({{ interval_count }}, 0), 1))
{%- endmacro %}

{#- Usual length of a billing interval in days, to compare a billed period with. DOUBLE. -#}
{% macro interval_days(interval, interval_count) -%}
    (case {{ interval }}
        when 'year' then 365.25
        when 'quarter' then 91.3
        when 'month' then 30.44
        when 'week' then 7.0
        when 'day' then 1.0
    end * coalesce(nullif({{ interval_count }}, 0), 1))
{%- endmacro %}

{#- Where a billing period that begins at `start` ends; without an interval it is a month. TIMESTAMP. -#}
{% macro period_after(start, interval, interval_count) -%}
    {%- set count = 'cast(coalesce(nullif(' ~ interval_count ~ ', 0), 1) as integer)' -%}
    case
        when {{ interval }} = 'day' then {{ add_days(start, count) }}
        when {{ interval }} = 'week' then {{ add_days(start, '7 * ' ~ count) }}
        else {{ months_later(start, count ~ ' * case ' ~ interval ~ " when 'year' then 12 when 'quarter' then 3 else 1 end") }}
    end
{%- endmacro %}

{#- Whole months from `start` to `finish`, by the day; NULL where it is no whole number of them. -#}
{% macro whole_months(start, finish) -%}
    {%- set months = 'cast(' ~ months_between(start, finish) ~ ' as integer)' -%}
    (case when {{ add_months(start, months) }} = cast({{ finish }} as date) then nullif({{ months }}, 0) end)
{%- endmacro %}

{#- The same factor for a billed line, from the length of its period. Where that agrees with the subscription's interval, the interval is
    exact; where it does not, the subscription has changed its interval since, and the line is believed: by the month where it is for whole
    months, else by the day. Without a period and without an interval the price is taken for a month's. DOUBLE. -#}
{% macro billed_factor(interval, interval_count, start, finish) -%}
    {%- set period_days = elapsed_days(start, finish) -%}
    (case
        when abs({{ period_days }} / {{ interval_days(interval, interval_count) }} - 1) <= 0.1
            then {{ monthly_factor(interval, interval_count) }}
        when {{ period_days }} between 28 and 31 then 1e0
        when {{ period_days }} between 89 and 92 then 1e0 / 3
        when {{ period_days }} between 181 and 184 then 1e0 / 6
        when {{ period_days }} between 365 and 366 then 1e0 / 12
        when {{ period_days }} = 7 then 52e0 / 12
        when {{ period_days }} > 0 then coalesce(1e0 / {{ whole_months(start, finish) }}, 365e0 / 12 / {{ period_days }})
        else coalesce({{ monthly_factor(interval, interval_count) }}, 1e0)
    end)
{%- endmacro %}

{#- The same factor for a line that adds to a running term: by the month where it is for whole months, else by the share of the term that
    it is for. DOUBLE. -#}
{% macro added_factor(line, term) -%}
    coalesce(
        1e0 / {{ whole_months(line ~ '.period_start', line ~ '.period_end') }},
        {{ billed_factor(line ~ '.interval', line ~ '.interval_count', term ~ '.period_start', term ~ '.period_end') }}
        * {{ elapsed_days(term ~ '.period_start', term ~ '.period_end') }}
        / nullif({{ elapsed_days(line ~ '.period_start', line ~ '.period_end') }}, 0)
    )
{%- endmacro %}

{#- What makes lines those of one subscription: whose account, and in which currency. -#}
{% macro of_subscription(line=none) -%}
    {%- set prefix = line ~ '.' if line else '' -%}
    {{ prefix }}source_name, {{ prefix }}billing_customer_id, {{ prefix }}subscription_id, {{ prefix }}currency
{%- endmacro %}
