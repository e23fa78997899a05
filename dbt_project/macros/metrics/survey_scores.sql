{#- What an answer counts as. -#}

{#- 0–6 detractor, 7–8 passive, 9–10 promoter; NULL for anything else, which the landing gate quarantines and a test here refuses. -#}
{% macro nps_group(metric, score) -%}
    case
        when {{ metric }} <> 'nps' or {{ score }} <> floor({{ score }}) then null
        when {{ score }} between 0 and 6 then 'detractor'
        when {{ score }} between 7 and 8 then 'passive'
        when {{ score }} between 9 and 10 then 'promoter'
    end
{%- endmacro %}

{#- The two best answers of the response's own scale; of a scale with two answers (bad, good) the better one. -#}
{% macro in_top_two_boxes(score, scale_min, scale_max) -%}
    case
        when {{ scale_max }} - {{ scale_min }} <= 1 then {{ score }} = {{ scale_max }}
        else {{ score }} >= {{ scale_max }} - 1
    end
{%- endmacro %}

{#- A scale as people say it: `1 to 5`. -#}
{% macro scale_name(scale_min, scale_max) -%}
    {{ _plain_number(scale_min) }} || ' to ' || {{ _plain_number(scale_max) }}
{%- endmacro %}

{% macro _plain_number(value) -%}
    case
        when {{ value }} = floor({{ value }}) then cast(cast({{ value }} as bigint) as {{ dbt.type_string() }})
        else cast(cast({{ value }} as double) as {{ dbt.type_string() }})
    end
{%- endmacro %}
