{#- Text as lower-case words between single blanks: intensifiers are left out, and a negation, or a lessening, is fused with the
    word after it as `!word`. -#}
{% macro plain_words(text) -%}
{%- set negations = [
    'not', 'never', 'no', 'cannot', 'without', 'hardly', 'less', 'nicht', 'kein', 'keine', 'keinen', 'keiner', 'nie', 'ohne', 'weniger',
    'pas', 'jamais', 'sans', 'aucun', 'aucune', 'moins', 'nunca', 'sin', 'ningún', 'ninguna', 'menos',
] -%}
{%- set fillers = [
    'very', 'so', 'really', 'that', 'too', 'any', 'a', 'an', 'sehr', 'wirklich', 'besonders', 'très', 'vraiment', 'de', 'muy',
] -%}
{%- set letters = "' ' || " ~ replace_pattern('lower(' ~ text ~ ')', '[^\\p{L}]+', ' ') ~ " || ' '" -%}
{%- set spelt_out = replace_pattern(letters, 'n t ', ' not ') -%}
{%- set brief = replace_pattern(spelt_out, ' (' ~ fillers | join('|') ~ ') ', ' ') -%}
{{ replace_pattern(brief, ' (' ~ negations | join('|') ~ ') ', ' !') }}
{%- endmacro %}

{#- Tone from −1 to 1, of the log-odds that the reader gives and the mean polarity of known words; either may be missing. A word of
    polarity 1 weighs 2, by which the readings of the examples in ml/comments were closest to what was meant. -#}
{% macro tone(log_odds, polarity) -%}
    coalesce(round(2 / (1 + exp(-({{ log_odds }} + 2 * coalesce({{ polarity }}, 0)))) - 1, 6), {{ polarity }})
{%- endmacro %}
