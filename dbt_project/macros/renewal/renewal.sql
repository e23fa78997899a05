{#- How a night continues the build of the night before. Tables that say `renewed(…)` keep the rows of what has not changed and build the
    rest anew: staging row by row, facts customer by customer, billing subscription by subscription. What has changed is told by the
    models in intermediate/renewal. Whether there is a build to continue is decided before dbt starts (orchestration/warehouse/continuation.py),
    which then names its as-of date; otherwise everything is built in full, as it always is on Spark. -#}

{#- Whether tonight continues a build. -#}
{% macro continues() -%}
    {{ return(var('built_as_of') | string != '') }}
{%- endmacro %}

{#- The first instant that the build to continue did not know yet, TIMESTAMP. -#}
{% macro built_until() -%}
    {%- set day = modules.datetime.datetime.strptime(var('built_as_of') | string, '%Y-%m-%d') -%}
    cast('{{ (day + modules.datetime.timedelta(days=1)).strftime("%Y-%m-%d 00:00:00") }}' as timestamp)
{%- endmacro %}

{#- `moment` (TIMESTAMP or DATE) lies between the end of the build to continue and tonight's: it was ahead, and now it is not. -#}
{% macro has_come(moment) -%}
    ({{ moment }} >= {{ built_until() }} and {{ moment }} < {{ as_of_end() }})
{%- endmacro %}

{#- At the head of a model whose rows are kept where they cannot have changed: by `rows` (staging: `table` names the input table),
    `customers`, `accounts`, `subscriptions`, `payers` (customers, also those of touched subscriptions), `features` (customers and cut-offs) or
    `nothing` (rows are only added).
    `months`: the rows of the as-of month are built anew for everyone as well. What it reads is named while dbt parses, and only then, so
    that unit tests need not give it. -#}
{% macro renewed(by, table=none, months=false) -%}
    {%- set sets = {
        'rows': ['int_changed_rows'],
        'customers': ['int_touched_customers', 'int_touched_records'],
        'accounts': ['int_touched_records'],
        'subscriptions': ['int_touched_subscriptions'],
        'payers': ['int_touched_payers'],
        'features': ['int_feature_rows', 'int_feature_spine'],
        'nothing': [],
    } -%}
    {{ config(
        materialized='incremental' if target.type == 'duckdb' else 'table',
        incremental_strategy='renewal',
        on_schema_change='fail',
        meta={'renewed_by': by, 'renewed_table': table, 'renewed_months': months},
    ) }}
    {%- for name in sets[by] if not execute %}{% do ref(name) %}{% endfor %}
    {%- if continues() %}
-- renews: {{ renewed_rows(by, table, months) | replace('\n', ' ') }}
    {%- endif %}
{%- endmacro %}

{#- dbt's name for the strategy `renewal`: what may have changed goes, and comes again as it is now; all of it where nothing is continued. -#}
{% macro get_incremental_renewal_sql(arguments) -%}
    {%- set columns, meta = arguments.dest_columns | map(attribute='quoted') | join(', '), config.get('meta') %}
    delete from {{ arguments.target_relation }}
    {%- if continues() %} where {{ renewed_rows(meta.renewed_by, meta.renewed_table, meta.renewed_months) }}{% endif %};
    insert into {{ arguments.target_relation }} ({{ columns }})
    select {{ columns }} from {{ arguments.temp_relation }}
{%- endmacro %}

{#- The condition on the rows of this model that go. -#}
{% macro renewed_rows(by, table, months) -%}
    {%- if by == 'rows' -%}
        {{ changed_key(table, key_hash(table, this.identifier, source='source_name')) }}
    {%- elif by == 'accounts' -%}
        {{ touched_record('billing', this.identifier, 'billing_customer_id') }}
    {%- elif by == 'customers' -%}
        customer_key in (select customer_key from {{ ref('int_touched_customers') }})
    {%- elif by == 'subscriptions' -%}
        {{ touched_subscription(this.identifier) }}
    {%- elif by == 'payers' -%}
        customer_key in (select customer_key from {{ ref('int_touched_payers') }})
    {%- elif by == 'features' -%}
        {%- set row = ['customer_key', 'cutoff_index'] -%}
        {{ row_hash(row, this.identifier) }} not in (
            select {{ row_hash(row, 'kept') }}
            from (select customer_key, cutoff_index from {{ ref('int_feature_rows') }}
            except
            select customer_key, cutoff_index from {{ ref('int_feature_spine') }}) as kept
        )
    {%- else -%}
        false
    {%- endif -%}
    {%- if months %} or month = {{ as_of_month() }}{% endif -%}
{%- endmacro %}

{#- Conditions on the rows that are built anew. -#}

{% macro changed_key(table, hash) -%}
    {{ hash }} in (select key_hash from {{ ref('int_changed_rows') }} where table_name = '{{ table }}')
{%- endmacro %}

{#- The record is of a customer of whom something may have changed; `column` holds its id. -#}
{% macro touched_record(record_type, relation, column, source='source_name') -%}
    {{ row_hash([source, column], relation) }} in (
        select record_hash from {{ ref('int_touched_records') }} where record_type = '{{ record_type }}'
    )
{%- endmacro %}

{% macro touched_subscription(relation) -%}
    {{ row_hash(['source_name', 'subscription_id'], relation) }} in (select subscription_hash from {{ ref('int_touched_subscriptions') }})
{%- endmacro %}

{#- Before dbt runs: whoever starts it by hand leaves tables that no night may continue. It asks nothing first, for with a question dbt
    begins a transaction that it takes back. -#}
{% macro forget_the_build() -%}
    {%- if not var('is_night') -%}
        create schema if not exists ops;
        create table if not exists ops.built_night (as_of_date date, fingerprint varchar);
        delete from ops.built_night
    {%- endif -%}
{%- endmacro %}
