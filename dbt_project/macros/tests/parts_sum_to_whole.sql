{#- The values of every dimension add up to the row over everyone. Counts must be of things that have one value each. -#}
{% test parts_sum_to_whole(model, by, counts) %}
with parts as (
    select {{ by | join(', ') }}, dimension{% for count in counts %}, sum({{ count }}) as {{ count }}{% endfor %}
    from {{ model }}
    where dimension <> 'all'
    group by {{ by | join(', ') }}, dimension
),

whole as (
    select {{ by | join(', ') }}, {{ counts | join(', ') }}
    from {{ model }}
    where dimension = 'all'
),

-- a dimension that is missing altogether in some month must fail too, and so must parts without a whole
expected as (
    select whole.*, dimensions.dimension
    from whole
    cross join (select distinct dimension from parts) as dimensions
)

select coalesce(parts.dimension, expected.dimension) as dimension{% for column in by %}, coalesce(parts.{{ column }}, expected.{{ column }}) as {{ column }}{% endfor %}
from expected
full outer join parts
    on parts.dimension = expected.dimension
    {%- for column in by %}
    and parts.{{ column }} = expected.{{ column }}
    {%- endfor %}
where expected.dimension is null
    {%- for count in counts %}
    or coalesce(parts.{{ count }}, 0) <> expected.{{ count }}
    {%- endfor %}
{% endtest %}
