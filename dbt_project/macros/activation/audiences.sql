{#- Audiences beside the scores: who is in one, and what the receiver is told of them. Each writes fields of its own only, since a customer who
    leaves the audience has them cleared (mode mirror). Whoever is in the holdout is never treated, so is in no audience that leads to it. -#}

{#- The tenth of the active whose leaving is expected to cost most, why they may leave, and what to do about it. -#}
{% macro at_risk(destination) -%}
with
{{ sendable(destination) }},

at_risk as (
    select
        {{ identity_of(destination) }},
        true as at_risk,
        churn_reasons as at_risk_reasons,
        next_best_action as at_risk_next_action,
        as_of_date
    from sendable
    where is_active and churn_risk_band = 'high' and not coalesce(is_holdout, false)
)

select * from at_risk
{%- endmacro %}

{#- Active promoters of the last 90 days whom nothing troubles: the moment to ask for a referral. -#}
{% macro promoters(destination) -%}
with
{{ sendable(destination) }},

promoters as (
    select
        {{ identity_of(destination) }},
        true as ask_for_referral,
        last_nps as promoter_nps,
        cast(last_nps_at as date) as promoter_answered_on,
        as_of_date
    from sendable
    where is_active
        and nps_group = 'promoter'
        and {{ days_between('last_nps_at', 'as_of_date') }} <= 90
        and coalesce(tickets_open, 0) = 0
        and not coalesce(is_holdout, false)
)

select * from promoters
{%- endmacro %}

{#- Detractors whom nobody has called yet, and by when. A complaint is owed an answer: the holdout is in it too. -#}
{% macro detractors(destination) -%}
with
{{ sendable(destination) }},

due as (
    select
        customer_key as detractor_key,
        said_at,
        max(closed_loop_due_at) as closed_loop_due_at
    from {{ ref('fct_feedback') }}
    where metric = 'nps' and followed_up_at is null
    group by 1, 2
),

detractors as (
    select
        {{ identity_of(destination) }},
        true as call_detractor,
        last_nps as detractor_nps,
        cast(last_nps_at as date) as detractor_answered_on,
        cast(closed_loop_due_at as date) as detractor_call_by,
        as_of_date
    from sendable
    inner join due on customer_key = detractor_key and last_nps_at = said_at
    where nps_group = 'detractor' and {{ days_between('last_nps_at', 'as_of_date') }} <= 30
)

select * from detractors
{%- endmacro %}

{#- Former customers who were worth something: whom to win back. -#}
{% macro win_back(destination) -%}
with
{{ sendable(destination) }},

former as (
    select
        {{ identity_of(destination) }},
        true as win_back,
        cast(round(clv_historic, 2) as decimal(28, 2)) as win_back_value,
        cast(last_order_at as date) as win_back_last_order_on,
        as_of_date
    from sendable
    where lifecycle_stage = 'lapsed' and clv_historic > 0 and not coalesce(is_holdout, false)
)

select * from former
{%- endmacro %}

{#- Loyal customers in the upper fifth of the active by value, past and predicted. -#}
{% macro loyal_high_value(destination) -%}
with
{{ sendable(destination) }},

ranked as (
    select
        *,
        percent_rank() over (order by clv_total nulls first) as place
    from sendable
    where is_active
),

loyal as (
    select
        {{ identity_of(destination) }},
        true as loyal_high_value,
        cast(round(clv_total, 2) as decimal(28, 2)) as loyal_value,
        as_of_date
    from ranked
    where lifecycle_stage = 'loyal' and place >= 0.8 and not coalesce(is_holdout, false)
)

select * from loyal
{%- endmacro %}

{#- Whom not to write to, and on which channels: for the system of record that other tools read. Unknown consent is no consent.
    Who withdrew from profiling is in it: without them, other tools would write to who has refused everything. -#}
{% macro suppression_list(destination) -%}
{%- set channels = ['email', 'sms', 'phone', 'push', 'post', 'ads'] -%}
with
{{ sendable(destination, profiles=false) }},

suppressed as (
    select
        {{ identity_of(destination) }},
        {%- for channel in channels %}
        not can_{{ channel }} as suppress_{{ channel }},
        {%- endfor %}
        as_of_date
    from sendable
    where not ({% for channel in channels %}can_{{ channel }}{% if not loop.last %} and {% endif %}{% endfor %})
)

select * from suppressed
{%- endmacro %}
