{#- The row has a key; one without waits in quarantine until its source has mended or removed it, and never counts. -#}
{% macro has_key(table, relation) -%}
    ({% for column in input_tables()[table].key %}{{ relation }}.{{ column }} is not null{{ '' if loop.last else ' and ' }}{% endfor %})
{%- endmacro %}

{#- Landed rows that count: with a key, neither a tombstone, nor quarantined, nor later than the as-of day, nor child of a later parent.
    All of these; or those whose key has landed once, or those whose key `is_repeated`: that is told from `repeated`, see repeated_keys. -#}
{% macro accepted_rows(table, is_repeated=none) -%}
    {%- set rules = input_tables()[table] -%}
    select landed.*
    from {{ source('landing', table) }} as landed
    {%- if is_repeated is not none %}
    {{ 'inner' if is_repeated else 'left' }} join repeated
        on repeated.key_hash = {{ key_hash(table, 'landed') }}
    {%- endif %}
    left join {{ source('ops', 'quarantined_rows') }} as quarantined
        on quarantined.table_name = '{{ table }}'
        and quarantined.source = landed._source
        and quarantined.load_id = landed._load_id
        and quarantined.row_number = landed._row_number
    {%- if rules.parent %}
    left join later
        on later._source = landed._source
        and later.parent_key = landed.{{ rules.parent.column }}
    {%- endif %}
    where not coalesce(landed._is_deleted, false)
        and {{ has_key(table, 'landed') }}
        and (landed.{{ rules.event_time }} is null or landed.{{ rules.event_time }} < {{ as_of_end() }})
        {%- if is_repeated is not none and not is_repeated %}
        and repeated.key_hash is null
        {%- endif %}
        and quarantined.row_number is null
        {%- if rules.parent %}
        and later.parent_key is null
        {%- endif %}
{%- endmacro %}

{#- A number for the key of a row; different keys hardly ever share one, and where they do nothing is lost but time. -#}
{% macro key_hash(table, relation, source='_source') -%}
    {%- set columns = [source] + input_tables()[table].key -%}
    {{ row_hash(columns, relation) }}
{%- endmacro %}

{#- The hashes of keys that have landed more than once. All others need no comparison of versions, and they are nearly all:
    to sort sixty million rows for the sake of a few would take most of the time and memory of staging. -#}
{% macro repeated_keys(table) -%}
    select key_hash
    from (select {{ key_hash(table, 'landed') }} as key_hash from {{ source('landing', table) }} as landed) as hashed
    group by key_hash
    having count(*) > 1
{%- endmacro %}

{#- Records of people that have landed, but in no version that is known by the as-of day: their children are not known either. -#}
{% macro later_parents(table) -%}
    {%- set rules = input_tables()[table] %}
        select parents._source, parents.{{ rules.key[0] }} as parent_key
        from {{ source('landing', table) }} as parents
        left join {{ source('ops', 'quarantined_rows') }} as quarantined
            on quarantined.table_name = '{{ table }}'
            and quarantined.source = parents._source
            and quarantined.load_id = parents._load_id
            and quarantined.row_number = parents._row_number
        where not coalesce(parents._is_deleted, false) and parents.{{ rules.key[0] }} is not null
        group by parents._source, parents.{{ rules.key[0] }}
        having count_if(quarantined.row_number is null and coalesce(parents.{{ rules.event_time }} < {{ as_of_end() }}, true)) = 0
    {% endmacro %}

{#- Keys that vanished at their source, with the last load that said so: it removes the rows of the loads before it. -#}
{% macro vanished_keys(table) -%}
    {%- set key = input_tables()[table].key | join(', ') -%}
    select _source, {{ key }}, max(_load_id) as vanished_in
    from {{ source('landing', table) }}
    where _is_deleted
    group by _source, {{ key }}
{%- endmacro %}

{#- One row per key: its newest version known by the as-of day. A version changed later than that day is taken only where there is
    no older one, and then the one closest to it. A night that continues a build looks at the keys alone of which something has changed.
    `has_vanished`: the source no longer has the row; such rows stay only where
    `keep_vanished` says so. -#}
{% macro newest_versions(table) -%}
    {%- set rules = input_tables()[table] -%}
    {%- set changed = 'live.' ~ rules.updated_at -%}
    {%- set is_renewed = continues() and config.get('materialized') == 'incremental' -%}
    with
    repeated as (
        {% if is_renewed -%}
        select key_hash from {{ ref('int_changed_rows') }} where table_name = '{{ table }}'
        {%- else -%}
        {{ repeated_keys(table) }}
        {%- endif %}
    ),

    {% if rules.parent -%}
    later as ({{ later_parents(rules.parent.table) }}),

    {% endif -%}
    vanished as (
        {{ vanished_keys(table) }}
    ),

    contested as (
        {{ accepted_rows(table, is_repeated=true) }}
    ),

    live as (
        select contested.*, vanished.vanished_in is not null as has_vanished
        from contested
        left join vanished
            on vanished._source = contested._source
            {%- for column in rules.key %}
            and vanished.{{ column }} = contested.{{ column }}
            {%- endfor %}
            and vanished.vanished_in > contested._load_id
        {%- if not rules.keep_vanished %}
        where vanished.vanished_in is null
        {%- endif %}
    ),

    chosen as (
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
    )

    {%- if not is_renewed %},

    uncontested as (
        {{ accepted_rows(table, is_repeated=false) }}
    )

    select *, false as has_vanished from uncontested
    union all
    {%- endif %}
    select * from chosen
{%- endmacro %}
