{#- A number in [0, 1) that depends on `expression` and the text `salt` alone: the same on every engine and in every run.
    The first 32 bits of an MD5: even enough for shares of a percent, and nothing secret rests on it. -#}
{% macro hash_unit(expression, salt) -%}
    {{ return(adapter.dispatch('hash_unit', 'rapport')(expression, salt)) }}
{%- endmacro %}

{% macro default__hash_unit(expression, salt) -%}
    (cast('0x' || substr(md5('{{ salt }}' || ':' || {{ expression }}), 1, 8) as bigint) / cast(4294967296 as double))
{%- endmacro %}

{% macro spark__hash_unit(expression, salt) -%}
    (cast(conv(substr(md5(concat('{{ salt }}', ':', {{ expression }})), 1, 8), 16, 10) as bigint) / cast(4294967296 as double))
{%- endmacro %}
