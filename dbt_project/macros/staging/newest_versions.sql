{#- Landed rows that count: neither a tombstone, nor quarantined, nor later than the as-of day. -#}
{% macro accepted_rows(table) -%}
    {%- set event_time = input_tables()[table].event_time -%}
    select landed.*
    from {{ source('landing', table) }} as landed
    where not coalesce(landed._is_deleted, false)
        and (landed.{{ event_time }} is null or landed.{{ event_time }} < {{ as_of_end() }})
        and not exists (
            select 1
            from {{ source('ops', 'quarantined_rows') }} as quarantined
            where quarantined.table_name = '{{ table }}'
                and quarantined.source = landed._source
                and quarantined.load_id = landed._load_id
                and quarantined.row_number = landed._row_number
        )
{%- endmacro %}

{#- Keys that vanished at their source, with the last load that said so. -#}
{% macro vanished_keys(table) -%}
    {%- set key = input_tables()[table].key | join(', ') -%}
    select _source, {{ key }}, max(_load_id) as vanished_in
    from {{ source('landing', table) }}
    where _is_deleted
    group by _source, {{ key }}
{%- endmacro %}

{#- One row per key: its newest version known by the as-of day. A version changed later than that day is taken only where there is
    no older one, and then the one closest to it. `has_vanished`: the source no longer has the row; such rows stay only where
    `keep_vanished` says so. -#}
{% macro newest_versions(table) -%}
    {%- set rules = input_tables()[table] -%}
    {%- set changed = 'live.' ~ rules.updated_at -%}
    with
    vanished as (
        {{ vanished_keys(table) }}
    ),

    accepted as (
        {{ accepted_rows(table) }}
    ),

    live as (
        select accepted.*, vanished.vanished_in is not null as has_vanished
        from accepted
        left join vanished
            on vanished._source = accepted._source
            {%- for column in rules.key %}
            and vanished.{{ column }} = accepted.{{ column }}
            {%- endfor %}
            and vanished.vanished_in >= accepted._load_id
        {%- if not rules.keep_vanished %}
        where vanished.vanished_in is null
        {%- endif %}
    )

    select live.*
    from live
    qualify row_number() over (
        partition by live._source{% for column in rules.key %}, live.{{ column }}{% endfor %}
        order by
            {%- if rules.keep_vanished %}
            live.has_vanished,
            {%- endif %}
            {%- if rules.updated_at %}
            case when {{ changed }} >= {{ as_of_end() }} then 1 else 0 end,
            case when {{ changed }} < {{ as_of_end() }} then {{ changed }} end desc nulls last,
            {{ changed }} nulls last,
            {%- endif %}
            live._load_id desc,
            live._row_number desc
    ) = 1
{%- endmacro %}
