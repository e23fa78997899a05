{#- When a load landed, TIMESTAMP, from its id (YYYYMMDDTHHMMSS.ffffffZ); NULL where the id is no time. -#}
{% macro landed_at(load_id) -%}
    try_cast(
        substr({{ load_id }}, 1, 4) || '-' || substr({{ load_id }}, 5, 2) || '-' || substr({{ load_id }}, 7, 2) || ' '
        || substr({{ load_id }}, 10, 2) || ':' || substr({{ load_id }}, 12, 2) || ':' || substr({{ load_id }}, 14, 9) as timestamp
    )
{%- endmacro %}
