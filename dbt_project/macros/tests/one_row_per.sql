{#- The grain: at most one row per combination of `columns`, and none of them missing but those of `may_be_missing`. Only keys whose hash comes twice are compared:
    sixty million numbers are counted in a tenth of the memory that as many texts take. -#}
{% test one_row_per(model, columns, may_be_missing=[]) %}
{%- set required = columns | reject('in', may_be_missing) | list -%}
with repeated as (
    select key_hash
    from (select {{ row_hash(columns, 'keyed') }} as key_hash from {{ model }} as keyed) as hashed
    group by key_hash
    having count(*) > 1
),

doubted as (
    select {% for column in columns %}keyed.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ model }} as keyed
    left join repeated on repeated.key_hash = {{ row_hash(columns, 'keyed') }}
    where repeated.key_hash is not null{% for column in required %} or keyed.{{ column }} is null{% endfor %}
)

select {{ columns | join(', ') }}
from doubted
group by {{ columns | join(', ') }}
having count(*) > 1{% for column in required %} or {{ column }} is null{% endfor %}
{% endtest %}
