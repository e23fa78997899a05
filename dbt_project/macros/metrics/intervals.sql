{#- Rates and their 95 % intervals. Comes in: SQL expressions of counts. Goes out: DOUBLE, NULL where there is nothing to divide by. -#}

{% macro z_95() %}1.959963984540054{% endmacro %}

{% macro ratio(numerator, denominator) -%}
    ({{ numerator }})::double / nullif({{ denominator }}, 0)
{%- endmacro %}

{#- Wilson score interval (Wilson 1927): stays inside [0, 1] and keeps a width when every answer is the same. -#}
{% macro wilson_low(successes, trials) -%}{{ _wilson_bound(successes, trials, '-') }}{%- endmacro %}
{% macro wilson_high(successes, trials) -%}{{ _wilson_bound(successes, trials, '+') }}{%- endmacro %}

{% macro _wilson_bound(successes, trials, sign) -%}
{%- set z = z_95() -%}
    case when {{ trials }} > 0 then greatest(0.0, least(1.0,
        (
            ({{ successes }})::double + {{ z }} * {{ z }} / 2
            {{ sign }} {{ z }} * sqrt(
                ({{ successes }})::double * ({{ trials }} - ({{ successes }})) / nullif({{ trials }}, 0) + {{ z }} * {{ z }} / 4
            )
        ) / ({{ trials }} + {{ z }} * {{ z }})
    ))::double end
{%- endmacro %}

{#- Variance of a share, one success and one failure added (Agresti & Caffo 2000): has a width when every answer is the same. -#}
{% macro adjusted_share_variance(successes, trials) -%}
    (({{ successes }} + 1)::double * ({{ trials }} - {{ successes }} + 1) / (({{ trials }} + 2)::double * ({{ trials }} + 2) * ({{ trials }} + 2)))
{%- endmacro %}

{% macro nps(promoters, detractors, responses) -%}
    100.0::double * ({{ promoters }} - {{ detractors }}) / nullif({{ responses }}, 0)
{%- endmacro %}

{#- Adjusted Wald (Rocks 2016): 3/4 promoter, 3/4 detractor and 1 1/2 passives are added to what was answered. -#}
{% macro nps_adjusted(promoters, detractors, responses) -%}
    (({{ promoters }} - {{ detractors }})::double / ({{ responses }} + 3))
{%- endmacro %}

{#- Variance of the adjusted score, both on the scale -1 to 1. -#}
{% macro nps_adjusted_variance(promoters, detractors, responses) -%}
    (
        (({{ promoters }} + {{ detractors }})::double + 1.5) / ({{ responses }} + 3)
        - {{ nps_adjusted(promoters, detractors, responses) }} * {{ nps_adjusted(promoters, detractors, responses) }}
    ) / ({{ responses }} + 3)
{%- endmacro %}

{% macro nps_low(promoters, detractors, responses) -%}{{ _nps_bound(promoters, detractors, responses, '-') }}{%- endmacro %}
{% macro nps_high(promoters, detractors, responses) -%}{{ _nps_bound(promoters, detractors, responses, '+') }}{%- endmacro %}

{% macro _nps_bound(promoters, detractors, responses, sign) -%}
    case when {{ responses }} > 0 then greatest(-100.0, least(100.0,
        100 * (
            {{ nps_adjusted(promoters, detractors, responses) }}
            {{ sign }} {{ z_95() }} * sqrt({{ nps_adjusted_variance(promoters, detractors, responses) }})
        )
    ))::double end
{%- endmacro %}

{#- z of the change of NPS between two relations with counts; NULL where one of them has no answers. -#}
{% macro nps_z(now, before) -%}
{%- set counts = {} -%}
{%- for relation in [now, before] -%}
    {%- do counts.update({relation: [relation ~ '.promoters', relation ~ '.detractors', relation ~ '.responses']}) -%}
{%- endfor -%}
    case when {{ now }}.responses > 0 and {{ before }}.responses > 0 then
        ({{ nps_adjusted(*counts[now]) }} - {{ nps_adjusted(*counts[before]) }})
        / sqrt({{ nps_adjusted_variance(*counts[now]) }} + {{ nps_adjusted_variance(*counts[before]) }})
    end
{%- endmacro %}

{#- Squared standard error of a mean from its sum, sum of squares and count; NULL below two observations. -#}
{% macro squared_standard_error(total, squares, n) -%}
    greatest(0.0, ({{ squares }})::double - ({{ total }})::double * ({{ total }})::double / nullif({{ n }}, 0))
    / nullif({{ n }} - 1, 0) / nullif({{ n }}, 0)
{%- endmacro %}

{#- Degrees of freedom of a difference of two means (Welch 1947), from squared standard errors and numbers of observations; NULL where
    nothing varies. -#}
{% macro welch_df(one, n_one, other, n_other) -%}
    ({{ one }} + {{ other }}) * ({{ one }} + {{ other }}) / nullif(
        {{ one }} * {{ one }} / nullif({{ n_one }} - 1, 0)::double + {{ other }} * {{ other }} / nullif({{ n_other }} - 1, 0)::double, 0
    )
{%- endmacro %}

{#- What Student's t distribution with `df` degrees of freedom stays below with probability .975: 12.7 at one, 1.96 at very many. No SQL
    dialect knows it. This polynomial in 1 / df (its interpolation at nine Chebyshev nodes on 0 to 1) is within 3e-7 of it, relatively,
    from one degree on, and Welch's formula never gives fewer. -#}
{% macro t_95(df) -%}
    {%- set terms = [1.9599645, 2.3721876, 2.8246266, 2.5360652, 1.6731514, 0.57337289, 0.73591152, -0.17399646, 0.20492068] -%}
    {%- set folded = namespace(sum=terms[8]) -%}
    {%- for term in terms[:8] | reverse -%}
        {%- set folded.sum = '(' ~ term ~ ' + ' ~ folded.sum ~ ' / ' ~ df ~ ')' -%}
    {%- endfor -%}
    {{ folded.sum }}
{%- endmacro %}

{#- Half the width of the interval of a difference of two means with this standard error; few observations know less of their spread. -#}
{% macro welch_width(error, df) -%}
    case when {{ error }} = 0 then 0.0 else {{ t_95(df) }} * {{ error }} end
{%- endmacro %}
