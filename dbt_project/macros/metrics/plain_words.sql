{#- Text as lower-case words between single blanks: small words that may stand between a negation and what it denies are left out, and
    a negation, or a lessening, is fused with the word after it as `!word`. Several in a row deny once (`ne jamais`, `no, not`), but what
    is not without problems has some. A negation before a stop answers for itself and denies nothing (`No. Great product`). -#}
{% macro plain_words(text) -%}
{%- set negations = [
    'not', 'never', 'no', 'cannot', 'nothing', 'nobody', 'neither', 'nor', 'hardly', 'less',
    'nicht', 'nichts', 'niemand', 'weder', 'kaum', 'kein', 'keine', 'keinen', 'keinem', 'keiner', 'nie', 'weniger',
    'ne', 'n', 'pas', 'jamais', 'rien', 'ni', 'aucun', 'aucune', 'moins', 'nunca', 'nada', 'nadie', 'ningún', 'ninguna', 'menos',
] -%}
{%- set privations = ['without', 'ohne', 'sans', 'sin'] -%}
{%- set fillers = [
    'very', 'so', 'really', 'that', 'too', 'any', 'a', 'an', 'the', 'be', 'at', 'all',
    'sehr', 'wirklich', 'besonders', 'mehr', 'das', 'der', 'die', 'den', 'ein', 'eine', 'einen',
    'très', 'vraiment', 'de', 'du', 'tout', 'l', 'le', 'la', 'les', 'un', 'une', 'me', 'vous', 'muy', 'el', 'lo', 'los', 'las', 'se', 'es',
] -%}
{%- set lower = "lower(' ' || " ~ text ~ ")" -%}
{%- set answered = replace_pattern(lower, '[^\\p{L}](' ~ negations | join('|') ~ ')[,.;:!?]', ' ') -%}
{%- set letters = "' ' || " ~ replace_pattern(answered, '[^\\p{L}]+', ' ') ~ " || ' '" -%}
{%- set spelt_out = replace_pattern(letters, 'n t ', ' not ') -%}
{%- set brief = replace_pattern(spelt_out, ' ((' ~ fillers | join('|') ~ ') )+', ' ') -%}
{%- set denied = replace_pattern(brief, ' ((' ~ negations | join('|') ~ ') )+', ' !') -%}
{{ replace_pattern(denied, ' (' ~ privations | join('|') ~ ') ', ' !') }}
{%- endmacro %}

{#- Tone from −1 to 1, of the log-odds that the reader gives and the mean polarity of known words; either may be missing. A word of
    polarity 1 weighs 2, by which the readings of the examples in ml/comments were closest to what was meant. -#}
{% macro tone(log_odds, polarity) -%}
    coalesce(round(2 / (1 + exp(-({{ log_odds }} + 2 * coalesce({{ polarity }}, 0)))) - 1, 6), {{ polarity }})
{%- endmacro %}
