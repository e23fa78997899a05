{#- Features look back from a cut-off in whole periods of 30 days. Tonight's cut-off is the as-of date. Past cut-offs lie on a grid that no
    night moves, every 30th day since 1970-01-01, so that what is learned from stays the same from one night to the next.
    One axis serves both: time is split at every grid day and at every 30th day before the as-of date, two buckets in a period.
    Bucket 0 is (newest grid day, as-of date], bucket 1 (30 days before the as-of date, newest grid day], and so on. A cut-off at position
    p knows the buckets p, p + 1, … and nothing else: tonight is position 0, the grid day k periods before the newest is 2k + 1. -#}

{#- The newest grid day that is not after `day` (a DATE), DATE. -#}
{% macro grid_day(day) -%}
    cast({{ add_days(day, '-(' ~ days_between("cast('1970-01-01' as date)", day) ~ ' % 30)') }} as date)
{%- endmacro %}

{#- The newest grid day by the as-of date, DATE. In SQL, as everything that depends on the night: DuckDB folds it into a constant. -#}
{% macro newest_grid_day() -%}
    {{ grid_day(as_of_date()) }}
{%- endmacro %}

{#- The bucket of a day (a DATE): how many splits of either kind lie on or after it. Never negative: nothing after the as-of date is staged. -#}
{% macro bucket_of(day) -%}
    cast(
        floor({{ days_between(day, as_of_date()) }} / 30.0)
        + floor({{ days_between(day, newest_grid_day()) }} / 30.0)
        + 1 as integer
    )
{%- endmacro %}

{#- Buckets in `days`, a multiple of 30. -#}
{% macro buckets_in(days) -%}
    {{ return(days // 15) }}
{%- endmacro %}

{#- The day that the cut-off at position `cutoff_index` ends with. -#}
{% macro cutoff_day(cutoff_index) -%}
    {%- set is_past = cutoff_index ~ ' % 2' -%}
    {%- set newest = 'case when ' ~ is_past ~ ' = 1 then ' ~ newest_grid_day() ~ ' else ' ~ as_of_date() ~ ' end' -%}
    cast({{ add_days(newest, '-15 * (' ~ cutoff_index ~ ' - ' ~ is_past ~ ')') }} as date)
{%- endmacro %}

{#- Sum of `column` over the `days` (a multiple of 30) that end `skip` days before the cut-off; for `spine left join buckets`. DOUBLE, as
    all features: a sum of integers would be a 128-bit one, which is slow to store and to read. -#}
{% macro sum_last(column, days, skip=0) -%}
    cast(coalesce(sum(case when {{ in_window(days, skip) }} then buckets.{{ column }} end), 0) as double)
{%- endmacro %}

{% macro in_window(days, skip=0) -%}
    buckets.bucket < spine.cutoff_index + {{ buckets_in(days + skip) }}
    {%- if skip %} and buckets.bucket >= spine.cutoff_index + {{ buckets_in(skip) }}{% endif %}
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

{#- Days from the cut-off that a decision takes its features from to the day of the decision. -#}
{% macro days_to_decision() -%}
    {{ days_between(cutoff_day('decisions.cutoff_index'), 'decisions.decided_day') }}
{%- endmacro %}

{#- A feature of a past decision. The cut-off lies up to 30 days before it, the choice of tonight on the very day of its features: whoever
    renewed in between would count as one who still may leave, and what is learnt of them would be wrong for tonight. So age and renewal are
    carried on to the day of the decision: past a renewal, the next one lies one period on. -#}
{% macro at_decision(name) -%}
    {%- if name == 'tenure_days' -%}
    features.tenure_days + {{ days_to_decision() }}
    {%- elif name == 'days_to_renewal' -%}
    case
        when features.days_to_renewal >= {{ days_to_decision() }} then features.days_to_renewal - {{ days_to_decision() }}
        else {{ renewal_period('features.billing_interval') }}
            - ({{ days_to_decision() }} - features.days_to_renewal) % {{ renewal_period('features.billing_interval') }}
    end
    {%- else -%}
    features.{{ name }}
    {%- endif -%}
{%- endmacro %}

{#- Days in a billing interval, as usual; NULL for what is none. -#}
{% macro renewal_period(interval) -%}
    (case {{ interval }} when 'day' then 1 when 'week' then 7 when 'month' then 30 when 'quarter' then 91 when 'year' then 365 end)
{%- endmacro %}
