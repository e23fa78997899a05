{#- The instant `days` working days after `moment`. Saturday and Sunday do not count; public holidays do, they differ by country.
    What is said at a weekend is taken as said on Monday at 00:00. -#}
{% macro add_working_days(moment, days) -%}
{%- set weekday = iso_weekday(moment) -%}
    case
        when {{ weekday }} >= 6 then {{ add_days("date_trunc('week', " ~ moment ~ ")", 7 + days + 2 * (days // 5)) }}
        else {{ add_days(moment, days ~ ' + 2 * cast(floor((' ~ weekday ~ ' - 1 + ' ~ days ~ ') / 5.0) as integer)') }}
    end
{%- endmacro %}
