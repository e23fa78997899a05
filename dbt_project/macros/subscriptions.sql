{#- Whether a subscription was live at the end of the day `days` before the cut-off. The end is exclusive. -#}
{% macro is_live_before(subscription, days) -%}
    {%- set day = 'cast(' ~ add_days(subscription ~ '.cutoff_date', -days) ~ ' as date)' -%}
    (cast({{ subscription }}.paid_from as date) <= {{ day }}
    and ({{ subscription }}.ends_at is null or cast({{ subscription }}.ends_at as date) > {{ day }}))
{%- endmacro %}

{#- The price on the record of a subscription as a month's, in minor units, DOUBLE. -#}
{% macro list_price(subscription) -%}
    cast({{ subscription }}.unit_minor as double) * coalesce({{ subscription }}.quantity, 1)
    * coalesce({{ monthly_factor(subscription ~ '.interval', subscription ~ '.interval_count') }}, 1e0)
    * (1 - coalesce({{ subscription }}.discount_percent, 0) / 1e2)
{%- endmacro %}

{#- Days from `day` to the next time a period that began with `start` renews; NULL without an interval. Months count with their
    mean length, so the answer may be off by a day or two. -#}
{% macro days_to_anniversary(start, day, interval, interval_count) -%}
    {%- set elapsed = days_between(start, day) -%}
    {%- set length = interval_days(interval, interval_count) -%}
    cast(ceil({{ length }} * (floor({{ elapsed }} / {{ length }}) + 1) - {{ elapsed }}) as integer)
{%- endmacro %}
