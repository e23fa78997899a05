{#- The latest value that is not NULL, up to and including this row. -#}
{% macro carried_forward(value, partition_by, order_by) -%}
    {{ adapter.dispatch('carried_forward', 'rapport')(value, partition_by, order_by) }}
{%- endmacro %}

{% macro default__carried_forward(value, partition_by, order_by) -%}
    last_value({{ value }} ignore nulls) over (
        partition by {{ partition_by }} order by {{ order_by }} rows between unbounded preceding and current row
    )
{%- endmacro %}

{% macro spark__carried_forward(value, partition_by, order_by) -%}
    last_value({{ value }}) ignore nulls over (
        partition by {{ partition_by }} order by {{ order_by }} rows between unbounded preceding and current row
    )
{%- endmacro %}
