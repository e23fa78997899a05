{#- Schemas carry their own names (staging, marts, …), not a prefix per developer: one warehouse has one owner. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
