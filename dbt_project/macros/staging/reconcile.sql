{#- One row of counts for an input table; used by int_reconciliation, whose CTE `quarantined_rows` it reads. -#}
{% macro reconcile(table) -%}
    {%- set rules = input_tables()[table] -%}
    {%- set is_live = 'has_key and not is_quarantined and not is_later and not is_tombstone' -%}
    {%- set survives = 'last_live_load is not null' if rules.keep_vanished else "last_live_load >= coalesce(vanished_in, '')" -%}
    with
    repeated as (
        {{ repeated_keys(table) }}
    ),

    quarantined as (
        select source, load_id, row_number from quarantined_rows where table_name = '{{ table }}'
    ),

    judged as (
        select
            landed._source,
            {%- for column in rules.key %}
            landed.{{ column }},
            {%- endfor %}
            landed._load_id,
            coalesce(landed._is_deleted, false) as is_tombstone,
            quarantined.row_number is not null as is_quarantined,
            {{ has_key(table, 'landed') }} as has_key,
            repeated.key_hash is not null as is_repeated,
            quarantined.row_number is null
                and not coalesce(landed._is_deleted, false)
                and (
                    coalesce(landed.{{ rules.event_time }} >= {{ as_of_end() }}, false)
                    {%- if rules.parent %}
                    or later.parent_key is not null
                    {%- endif %}
                ) as is_later
        from {{ source('landing', table) }} as landed
        left join repeated on repeated.key_hash = {{ key_hash(table, 'landed') }}
        {%- if rules.parent %}
        left join ({{ later_parents(rules.parent.table) }}) as later
            on later._source = landed._source
            and later.parent_key = landed.{{ rules.parent.column }}
        {%- endif %}
        left join quarantined
            on quarantined.source = landed._source
            and quarantined.load_id = landed._load_id
            and quarantined.row_number = landed._row_number
    ),

    -- a key that has landed once needs no group of its own: all of those together are one
    by_key as (
        select
            is_repeated,
            count(*) as rows_landed,
            count_if(is_quarantined) as rows_quarantined,
            count_if(is_later) as rows_later,
            count_if({{ is_live }}) as rows_live,
            max(case when {{ is_live }} then _load_id end) as last_live_load,
            max(case when is_tombstone then _load_id end) as vanished_in
        from judged
        group by
            _source,
            is_repeated
            {%- for column in rules.key %},
            case when is_repeated then {{ column }} end
            {%- endfor %}
    ),

    counted as (
        select
            coalesce(sum(rows_landed), 0) as landed,
            coalesce(sum(rows_quarantined), 0) as quarantined,
            coalesce(sum(rows_later), 0) as after_as_of,
            coalesce(sum(rows_landed - rows_quarantined - rows_later
                - case when not is_repeated then rows_live when {{ survives }} then 1 else 0 end), 0) as deduplicated
        from by_key
    )

    select
        '{{ table }}' as table_name,
        cast(counted.landed as bigint) as landed,
        cast((select count(*) from {{ ref('stg_files__' ~ table) }}) as bigint) as staged,
        cast(counted.deduplicated as bigint) as deduplicated,
        cast(counted.quarantined as bigint) as quarantined,
        cast(counted.after_as_of as bigint) as after_as_of
    from counted
{%- endmacro %}
