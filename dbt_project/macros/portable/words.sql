{#- Texts as words. -#}

{#- Every match of a regular expression replaced; the expression is written with single backslashes. -#}
{% macro replace_pattern(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('replace_pattern', 'rapport')(text, pattern, replacement)) }}
{%- endmacro %}

{% macro default__replace_pattern(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__replace_pattern(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern | replace("\\", "\\\\") }}', '{{ replacement }}')
{%- endmacro %}

{#- A text split at single blanks, one row per word, as an expression of a select list. -#}
{% macro explode_words(text) -%}
    {{ return(adapter.dispatch('explode_words', 'rapport')(text)) }}
{%- endmacro %}

{% macro default__explode_words(text) -%}
    unnest(string_split({{ text }}, ' '))
{%- endmacro %}

{% macro spark__explode_words(text) -%}
    explode(split({{ text }}, ' '))
{%- endmacro %}

{#- The distinct values of a group as one sorted, comma-separated text. -#}
{% macro sorted_list(value) -%}
    {{ return(adapter.dispatch('sorted_list', 'rapport')(value)) }}
{%- endmacro %}

{% macro default__sorted_list(value) -%}
    string_agg(distinct {{ value }}, ',' order by {{ value }})
{%- endmacro %}

{% macro spark__sorted_list(value) -%}
    array_join(array_sort(collect_set({{ value }})), ',')
{%- endmacro %}
