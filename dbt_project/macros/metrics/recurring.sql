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

{#- The same factor for a billed line, from the length of its period in days. Where that agrees with the subscription's interval, the
    interval is exact; where it does not, the subscription has changed its interval since, and the line is believed. Without a period
    and without an interval the price is taken for a month's. DOUBLE. -#}
{% macro billed_factor(interval, interval_count, period_days) -%}
    (case
        when abs({{ period_days }} / {{ interval_days(interval, interval_count) }} - 1) <= 0.1
            then {{ monthly_factor(interval, interval_count) }}
        when {{ period_days }} between 28 and 31 then 1e0
        when {{ period_days }} between 89 and 92 then 1e0 / 3
        when {{ period_days }} between 181 and 184 then 1e0 / 6
        when {{ period_days }} between 365 and 366 then 1e0 / 12
        when {{ period_days }} = 7 then 52e0 / 12
        when {{ period_days }} > 0 then 365e0 / 12 / {{ period_days }}
        else coalesce({{ monthly_factor(interval, interval_count) }}, 1e0)
    end)
{%- endmacro %}
