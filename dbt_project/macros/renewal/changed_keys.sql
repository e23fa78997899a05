{#- The hashes of the keys of an input table whose staged row may not be what it was when the build to continue was made. For the CTEs
    of int_changed_rows: reads `requarantined`, and `changed_<parent>` where the table has a parent. -#}
{% macro changed_keys(table) -%}
    {%- set rules = input_tables()[table] -%}
    {%- set moments = [rules.event_time] + ([rules.updated_at] if rules.updated_at else []) + rules.get('known', []) -%}
    select {{ key_hash(table, 'landed') }} as key_hash
    from {{ source('landing', table) }} as landed
    where landed._load_id in ({{ new_loads() }})
    union all
    -- what has left quarantine, or gone there
    select {{ key_hash(table, 'landed') }} as key_hash
    from {{ source('landing', table) }} as landed
    inner join requarantined
        on requarantined.table_name = '{{ table }}'
        and requarantined.source = landed._source
        and requarantined.load_id = landed._load_id
        and requarantined.row_number = landed._row_number
    {%- if var('built_as_of') | string != var('as_of') | string %}
    union all
    -- what lay ahead
    select {{ key_hash(table, 'landed') }} as key_hash
    from {{ source('landing', table) }} as landed
    where
        {%- for moment in moments %}
        {{ 'or ' if not loop.first }}{{ has_come('landed.' ~ moment) }}
        {%- endfor %}
        {%- if rules.keep_vanished %}
        or landed._is_deleted  -- kept, as deleted on the as-of day
        {%- endif %}
    {%- endif %}
    {%- if rules.parent %}
    union all
    select {{ key_hash(table, 'landed') }} as key_hash
    from {{ source('landing', table) }} as landed
    where {{ row_hash(['_source', rules.parent.column], 'landed') }} in (
        {%- if rules.follows_parent %}
        select key_hash from changed_{{ rules.parent.table }}
        {%- else %}
        {{ come_or_gone(rules.parent.table) }}
        {%- endif %}
    )
    {%- endif %}
{%- endmacro %}

{#- Changed records of people that have become known, or unknown: their children count, or count no more. -#}
{% macro come_or_gone(table) -%}
    {%- set time = input_tables()[table].event_time %}
        select {{ key_hash(table, 'parents') }} as key_hash
        from {{ source('landing', table) }} as parents
        left join quarantined
            on quarantined.table_name = '{{ table }}'
            and quarantined.source = parents._source
            and quarantined.load_id = parents._load_id
            and quarantined.row_number = parents._row_number
        left join built_quarantine
            on built_quarantine.table_name = '{{ table }}'
            and built_quarantine.source = parents._source
            and built_quarantine.load_id = parents._load_id
            and built_quarantine.row_number = parents._row_number
        where not coalesce(parents._is_deleted, false)
            and {{ key_hash(table, 'parents') }} in (select key_hash from changed_{{ table }})
        group by 1
        having
            (count_if(quarantined.row_number is null and coalesce(parents.{{ time }} < {{ as_of_end() }}, true)) > 0)
            <> (count_if(
                parents._load_id not in ({{ new_loads() }})
                and built_quarantine.row_number is null
                and coalesce(parents.{{ time }} < {{ built_until() }}, true)
            ) > 0)
    {% endmacro %}

{#- The ids of the loads that have landed since, for a list of values; never empty. -#}
{% macro new_loads() -%}
    {% for load in ([''] + (var('new_loads') | list)) %}'{{ load }}'{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}
