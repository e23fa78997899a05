{#- The dimensions a metric is split by. A NULL attribute and an unknown person are both 'unknown', so that parts sum to the whole. -#}

{% macro customer_dimensions() -%}
    {{ return(['country', 'region', 'industry', 'company_size', 'acquisition_channel', 'plan'] + extra_dimensions()) }}
{%- endmacro %}

{#- Further columns of crm_customers by which the company splits its metrics: the setting `extra_dimensions`. -#}
{% macro extra_dimensions() -%}
    {{ return(var('extra_dimensions') | list) }}
{%- endmacro %}

{#- Those that are no columns of the contract: landed as text under the name the source gives them. -#}
{% macro custom_columns() -%}
    {{ return(extra_dimensions() | reject('in', ['gender', 'income_band', 'owner', 'birth_year']) | list) }}
{%- endmacro %}

{#- One row per dimension, `all` included: to be cross joined with rows that carry the dimensions as columns. -#}
{% macro dimension_names(dimensions, with_all=true) -%}
    {%- for dimension in (['all'] if with_all else []) + dimensions %}
    select '{{ dimension }}' as dimension
    {%- if not loop.last %} union all {% endif -%}
    {%- endfor %}
{%- endmacro %}

{% macro dimension_value(dimensions, relation) -%}
    case dimension
        when 'all' then 'all'
        {%- for dimension in dimensions %}
        when '{{ dimension }}' then coalesce(cast({{ relation }}.{{ dimension }} as {{ dbt.type_string() }}), 'unknown')
        {%- endfor %}
    end
{%- endmacro %}

{#- The segment whose shares in the active customer base weight the survey score: the plan; the country where nothing is subscribed to. -#}
{% macro nps_stratum() -%}
    {%- set usual = 'plan' if var('business_model') == 'contractual' else 'country' -%}
    {%- set stratum = var('nps_weighted_by') or usual -%}
    {%- if stratum not in customer_dimensions() -%}
        {%- set known = customer_dimensions() | join(', ') -%}
        {{ exceptions.raise_compiler_error("nps_weighted_by: '" ~ stratum ~ "' is no customer dimension; use one of " ~ known) }}
    {%- endif -%}
    {{ return(stratum) }}
{%- endmacro %}
