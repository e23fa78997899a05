{#- The digits of a text, nothing else. -#}
{% macro digits_of(text) -%}
    {{ adapter.dispatch('digits_of', 'rapport')(text) }}
{%- endmacro %}

{% macro default__digits_of(text) -%}
    regexp_replace({{ text }}, '[^0-9]', '', 'g')
{%- endmacro %}

{% macro spark__digits_of(text) -%}
    regexp_replace({{ text }}, '[^0-9]', '')
{%- endmacro %}

{#- Lower-case letters and digits of a text with single underscores between them: one spelling of a code written by hand. -#}
{% macro code_of(text) -%}
    {{ adapter.dispatch('code_of', 'rapport')(text) }}
{%- endmacro %}

{% macro default__code_of(text) -%}
    trim(regexp_replace(lower({{ text }}), '[^a-z0-9]+', '_', 'g'), '_')
{%- endmacro %}

{% macro spark__code_of(text) -%}
    trim(both '_' from regexp_replace(lower({{ text }}), '[^a-z0-9]+', '_'))
{%- endmacro %}

{#- Text without surrounding blanks; NULL where nothing is left. -#}
{% macro filled(text) -%}
    nullif(trim({{ text }}), '')
{%- endmacro %}
