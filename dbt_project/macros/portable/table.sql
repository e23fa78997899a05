{#- A table that takes the place of the one of last night in one transaction. dbt's own materialization for DuckDB builds beside it, renames
    both and drops the old one: four statements and as many contexts of macros more, a tenth of dbt's own time in a night of two hundred
    tables. What nobody here uses is left out: indexes, grants, foreign keys, comments (releases write their own). -#}
{% materialization table, adapter='duckdb' %}
    {%- set before, target_relation = load_cached_relation(this), this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main') -%}
        {%- if before is not none %}
        drop {{ before.type }} if exists {{ before }};
        {%- endif %}
        {{ create_table_as(False, target_relation, compiled_code) }}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
