{#- Why two records are one customer, strongest first: what a source states, then what contacts say, then what the configuration says. -#}
{% macro identity_reasons() -%}
    {{ return(['merge', 'billing_link', 'email', 'phone', 'company']) }}
{%- endmacro %}

{#- The place of a reason in that list, 1 being the strongest. -#}
{% macro strength_of(reason) -%}
    case {{ reason }}{% for name in identity_reasons() %} when '{{ name }}' then {{ loop.index }}{% endfor %} end
{%- endmacro %}

{#- The reason at a place of that list. -#}
{% macro reason_of(strength) -%}
    case {{ strength }}{% for name in identity_reasons() %} when {{ loop.index }} then '{{ name }}'{% endfor %} end
{%- endmacro %}

{#- Whether a reason is a statement (of a source, or of the configuration) rather than equal contacts. -#}
{% macro is_stated(reason) -%}
    {{ reason }} in ('merge', 'billing_link', 'company', 'named')
{%- endmacro %}

{#- The place of the reason for which a record holds a link; of the record that others name it is the strongest for which they do. -#}
{% macro strength_by_link(reason, link) -%}
    coalesce({{ strength_of(reason) }}, min({{ strength_of(reason) }}) over (partition by {{ link }}))
{%- endmacro %}
