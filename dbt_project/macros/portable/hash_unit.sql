{#- A number in [0, 1) that depends on `expression` and the text `salt` alone, and where it `is_keyed` on the key of this installation: the
    same on every engine and in every run. The first 32 bits of an MD5: even enough for shares of a percent. -#}
{% macro hash_unit(expression, salt, is_keyed=false) -%}
    {{ return(adapter.dispatch('hash_unit', 'rapport')(expression, salt, is_keyed)) }}
{%- endmacro %}

{% macro default__hash_unit(expression, salt, is_keyed) -%}
    (cast('0x' || substr(md5({{ _salted(expression, salt, is_keyed) }}), 1, 8) as bigint) / cast(4294967296 as double))
{%- endmacro %}

{% macro spark__hash_unit(expression, salt, is_keyed) -%}
    (cast(conv(substr(md5({{ _salted(expression, salt, is_keyed) }}), 1, 8), 16, 10) as bigint) / cast(4294967296 as double))
{%- endmacro %}

{% macro _salted(expression, salt, is_keyed) -%}
    '{{ salt }}:' || {% if is_keyed %}{{ hash_salt() }} || ':' || {% endif %}{{ expression }}
{%- endmacro %}
