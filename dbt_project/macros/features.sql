{#- Features look back from a cut-off in whole buckets of 30 days. Bucket 0 is the 30 days that end with the as-of date, bucket 1 the
    30 before. The cut-off with index k lies 30·k days before the as-of date, so it knows the buckets k, k + 1, … and nothing else. -#}

{#- The bucket of a day (a DATE). Never negative: nothing after the as-of date is staged. -#}
{% macro bucket_of(day) -%}
    cast(floor({{ days_between(day, as_of_date()) }} / 30.0) as integer)
{%- endmacro %}

{#- The day that the cut-off with index `cutoff_index` ends with. -#}
{% macro cutoff_day(cutoff_index) -%}
    cast({{ add_days(as_of_date(), '-30 * (' ~ cutoff_index ~ ')') }} as date)
{%- endmacro %}

{#- Sum of `column` over the `days` (a multiple of 30) that end `skip` days before the cut-off; for `spine left join buckets`. DOUBLE, as
    all features: a sum of integers would be a 128-bit one, which is slow to store and to read. -#}
{% macro sum_last(column, days, skip=0) -%}
    cast(coalesce(sum(case when {{ in_window(days, skip) }} then buckets.{{ column }} end), 0) as double)
{%- endmacro %}

{% macro in_window(days, skip=0) -%}
    buckets.bucket < spine.cutoff_index + {{ (days + skip) // 30 }}
    {%- if skip %} and buckets.bucket >= spine.cutoff_index + {{ skip // 30 }}{% endif %}
{%- endmacro %}

{#- `column` of the newest bucket that has one; `buckets.<at>` says when. -#}
{% macro latest(column, at) -%}
    max_by(buckets.{{ column }}, buckets.{{ at }}) filter (where buckets.{{ column }} is not null)
{%- endmacro %}

{#- Days from `day` to the cut-off; NULL when it never happened. -#}
{% macro days_since(day) -%}
    {{ days_between(day, 'spine.cutoff_date') }}
{%- endmacro %}

{#- Whether tickets of a bucket were still unsolved at the cut-off; a solution after it is not known yet. -#}
{% macro is_open() -%}
    (buckets.solved_bucket is null or buckets.solved_bucket < spine.cutoff_index)
{%- endmacro %}

{#- Help desks name their upper priorities differently; these are the ones that mean "now". -#}
{% macro is_high_priority(column) -%}
    coalesce(lower({{ column }}) in ('high', 'urgent', 'critical', 'highest', 'p0', 'p1'), false)
{%- endmacro %}

{#- The facts that a rule of eligibility in the seed `actions` may bound, by `min_<fact>` and `max_<fact>`. -#}
{% macro action_facts() -%}
    {{ return(['tenure_days', 'mrr', 'days_since_last_order', 'days_to_renewal', 'last_nps', 'tickets_open']) }}
{%- endmacro %}
