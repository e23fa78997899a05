-- The months of everything that is measured by month: from the first event of any source to the as-of month.
-- A rate is no event: those of a central bank begin in 1999, and whoever has one rate for ever dates it 1900.
{%- set tables = input_tables().items() | rejectattr(0, 'equalto', 'exchange_rates') | list %}

with
{%- for table, rules in tables %}
{{ table }} as (
    select min({{ rules.event_time }}) as first_event_at from {{ canonical(table) }}
),
{% endfor %}
firsts as (
    {%- for table, _ in tables %}
    select cast(first_event_at as timestamp) as first_event_at from {{ table }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

bounds as (
    select {{ month_of('coalesce(min(first_event_at), ' ~ as_of_date() ~ ')') }} as first_month from firsts
),

months as (
    select {{ series_of('month', 'first_month', as_of_month()) }} as month from bounds
),

ends as (
    select
        month,
        cast({{ add_months('month', 1) }} as timestamp) as month_end
    from months
),

-- The as-of month is measured up to the as-of date, every other one to its end.
measured as (
    select
        month,
        month_end,
        least(month_end, {{ as_of_end() }}) as measured_until,
        cast({{ add_days('least(month_end, ' ~ as_of_end() ~ ')', -1) }} as date) as last_day,
        month_end <= {{ as_of_end() }} as is_complete
    from ends
)

select * from measured
