{#- A text as SQL. -#}
{% macro quoted(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{#- The company's own actions (variable `actions`) as rows of the seed `actions`; doing nothing is always one. Their bounds are empty:
    their rules are conditions, see `action_rule`. -#}
{% macro own_actions() -%}
    {%- set nothing = {'name': 'nothing', 'channel': none, 'purpose': none, 'cost': 0, 'currency': none, 'cooldown_days': none,
        'aims_at': none, 'worth': none} -%}
    {%- for action in [nothing] + var('actions') %}
    select
        {{ quoted(action.name) }} as action,
        {% for name in ['channel', 'purpose', 'currency', 'aims_at'] -%}
        cast({{ quoted(action[name]) if action[name] else 'null' }} as {{ dbt.type_string() }}) as {{ name }},
        {% endfor -%}
        cast({{ action.cost }} as double) as cost_amount,
        cast({{ action.cooldown_days if action.cooldown_days else 'null' }} as double) as cooldown_days,
        cast({{ action.worth if action.worth else 'null' }} as double) as worth_amount
        {%- for fact in action_facts() %},
        cast(null as double) as min_{{ fact }},
        cast(null as double) as max_{{ fact }}
        {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- Whether the rule `rule` of the customer's action holds; `otherwise` for actions without one. What is unknown does not hold. -#}
{% macro action_rule(rule, otherwise) -%}
    {%- set ruled = var('actions') | selectattr(rule) | list -%}
    {%- if ruled -%}
    case
        {%- for action in ruled %}
        when catalogue.action = {{ quoted(action.name) }} then coalesce({{ action[rule] }}, false)
        {%- endfor %}
        else {{ otherwise }}
    end
    {%- else -%}
    {{ otherwise }}
    {%- endif -%}
{%- endmacro %}

{#- Whether a customer belongs to the holdout, which is never treated: for good, and told by the key alone. -#}
{% macro is_held_out(customer_key) -%}
    ({{ hash_unit(customer_key, 'holdout', is_keyed=true) }} < {{ var('holdout_share') }})
{%- endmacro %}
