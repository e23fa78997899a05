{#- E-mail addresses and phone numbers in the one spelling in which they are compared; NULL never matches anything. The rules, and what
    goes wrong with stricter and looser ones, are in docs/decisions/0011-*.md. -#}

{#- An e-mail address: no surrounding blanks, lower case, no `+tag`; Gmail's dots mean nothing, and googlemail.com is gmail.com. NULL where it
    has not exactly one @ with something on either side. -#}
{% macro email_key(email) -%}
    {%- set address = 'lower(trim(' ~ email ~ '))' -%}
    {%- set person = "split_part(split_part(" ~ address ~ ", '@', 1), '+', 1)" -%}
    {%- set domain = "split_part(" ~ address ~ ", '@', 2)" -%}
    case
        when length({{ address }}) - length(replace({{ address }}, '@', '')) <> 1 or {{ person }} = '' or {{ domain }} = '' then null
        when {{ domain }} not in ('gmail.com', 'googlemail.com') then {{ person }} || '@' || {{ domain }}
        when replace({{ person }}, '.', '') <> '' then replace({{ person }}, '.', '') || '@gmail.com'
    end
{%- endmacro %}

{#- Adds `phone_key` to a relation with `phone` and `country`: `+` and the international digits where they can be told, else the digits as
    they are, which match only others without a country. Gives the CTE `phoned`; the CTE `calling_codes` must be there. -#}
{% macro with_phone_keys(relation) -%}
dialled as (
    select
        {{ relation }}.*,
        {{ digits_of(relation ~ '.phone') }} as digits,
        calling_codes.calling_code,
        coalesce(calling_codes.trunk_prefix, '') as trunk_prefix,
        replace({{ relation }}.phone, ' ', '') like '+%' or replace({{ relation }}.phone, ' ', '') like '(+%' as has_plus
    from {{ relation }}
    left join calling_codes on calling_codes.country = {{ relation }}.country
),

-- What is dialled from abroad, without its prefix: + or 00, from North America 011. `(0)` is dialled only inside the country, save in Italy.
reached as (
    select
        *,
        case
            when has_plus and digits not like '39%' then {{ digits_of("replace(phone, '(0)', '')") }}
            when has_plus then digits
            when digits like '0039%' then substr(digits, 3)
            when digits like '00%' then substr({{ digits_of("replace(phone, '(0)', '')") }}, 3)
            when calling_code = '1' and digits like '011%' then substr(digits, 4)
        end as abroad,
        case when trunk_prefix <> '' and digits like trunk_prefix || '%' then substr(digits, length(trunk_prefix) + 1) else digits end as inland
    from dialled
),

phoned as (
    select
        reached.*,
        case
            when length(coalesce(abroad, digits)) < 7 or replace(digits, '0', '') = '' then null
            -- a zero that is dialled only inside the country, written behind the country's code
            when trunk_prefix = '0' and abroad like calling_code || '0%' then '+' || calling_code || substr(abroad, length(calling_code) + 2)
            when abroad is not null then '+' || abroad
            when calling_code is null then digits
            -- North American numbers without area code are somebody else's in the next town
            when calling_code = '1' and length(inland) <> 10 then null
            else '+' || calling_code || inland
        end as phone_key
    from reached
)
{%- endmacro %}
