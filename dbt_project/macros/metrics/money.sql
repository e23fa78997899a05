{#- Money: minor units and ISO-4217 in staging, major units of the reporting currency in marts. -#}

{#- An amount in major units (DECIMAL) as minor units of a currency with `exponent` decimals, exact. -#}
{% macro to_minor(amount, exponent) -%}
    ({{ amount }} * cast(power(10, coalesce({{ exponent }}, 2)) as integer))
{%- endmacro %}

{#- The same, rounded half away from zero to whole minor units, BIGINT. -#}
{% macro to_whole_minor(amount, exponent) -%}
    cast(round({{ to_minor(amount, exponent) }}, 0) as bigint)
{%- endmacro %}

{#- The rate of `currency` on the day `on_date` as table `alias`, for `to_reporting`. A currency without a rate on or before that day
    gives NULL, and a blocking test names it. -#}
{% macro join_rate(currency, on_date, alias='rates') -%}
    left join {{ ref('int_exchange_rates_daily') }} as {{ alias }}
        on {{ alias }}.currency = {{ currency }}
        and {{ alias }}.day = {{ on_date }}
{%- endmacro %}

{#- `amount_minor` in major units of the reporting currency, DECIMAL(28,6), by the rate joined as `alias`. -#}
{% macro to_reporting(amount_minor, alias='rates') -%}
    cast(cast({{ amount_minor }} as double) / {{ alias }}.minor_units * {{ alias }}.rate as decimal(28, 6))
{%- endmacro %}
