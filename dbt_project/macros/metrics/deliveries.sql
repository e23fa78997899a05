{#- Not every source reports deliveries: one row per source and channel of `relation` (daily interactions), with `reports_deliveries`.
    Where they are never reported, what was sent and did not bounce stands for them. -#}
{% macro delivery_reporting(relation) -%}
    select
        source_name,
        channel,
        bool_or(kind = 'delivered') as reports_deliveries
    from {{ relation }}
    group by 1, 2
{%- endmacro %}

{#- What a row adds to the messages presumed delivered: what was sent counts, what came back is taken off again. -#}
{% macro presumed_delivered(daily, reporting) -%}
    case
        when coalesce({{ reporting }}.reports_deliveries, false) or {{ daily }}.kind not in ('sent', 'bounced') then 0
        when {{ daily }}.kind = 'sent' then {{ daily }}.interactions
        else -{{ daily }}.interactions
    end
{%- endmacro %}
