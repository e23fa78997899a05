{#- The key of this installation's hashes. A night reads it from the private warehouse: a variable would be written into logs, artefacts and
    the list of processes, and who has it can try out every e-mail address there is. By hand it is the variable. -#}
{% macro hash_salt() -%}
    {% if var('is_night') %}(select salt from ops.hash_key){% else %}'{{ var("hash_salt") }}'{% endif %}
{%- endmacro %}

{#- A pseudonym of a personal value: keyed with the salt of this installation, so that a list of known e-mails
    does not undo it. Hex, 64 characters. -#}
{% macro pseudonym(value) -%}
    {{ adapter.dispatch('pseudonym', 'rapport')(value) }}
{%- endmacro %}

{% macro default__pseudonym(value) -%}
    sha256({{ hash_salt() }} || '|' || cast({{ value }} as varchar))
{%- endmacro %}

{% macro spark__pseudonym(value) -%}
    sha2({{ hash_salt() }} || '|' || cast({{ value }} as string), 256)
{%- endmacro %}

{#- A stable key of several columns, hex, 32 characters. Without the salt: it must survive a new installation. -#}
{% macro stable_key(columns) -%}
    md5({% for column in columns %}coalesce(cast({{ column }} as {{ dbt.type_string() }}), '')
        {%- if not loop.last %} || '|' || {% endif %}{% endfor %})
{%- endmacro %}
