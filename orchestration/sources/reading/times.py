"""Times in text or in a column type as instants in UTC, as DuckDB SQL.

Comes in: SQL of a raw value, and the company's zone. Goes out: SQL of a TIMESTAMP in UTC; NULL where it is no time of ISO-8601.

A day that is written without a time is that day, whatever the zone: months are cut in UTC, and 1 February belongs to February in all of
them. Midnight without a zone is such a day as well: systems without a type for days write them so (docs/decisions/0038).
"""

from __future__ import annotations

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_OFFSET = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
_LOCAL_TIME = f"{_DAY}([T ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]+)?)?)?"
_FULL_TIME = f"{_DAY}[T ][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}([.][0-9]+)?{_OFFSET}"
_SHORT_TIME = f"({_DAY}[T ][0-9]{{2}}:[0-9]{{2}}){_OFFSET}"  # no seconds but an offset: DuckDB wants the seconds
# As clear, but not to DuckDB: lower case, a decimal comma (both ISO-8601), a blank before the offset, UTC for Z.
_RARE_LOCAL_TIME = f"{_DAY}[Tt ][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}([.,][0-9]+)?"
_RARE_TIME = f"{_RARE_LOCAL_TIME} ?({_OFFSET}|z|UTC)"
# ISO-8601 without its marks; a day alone would be any eight digits.
_BASIC_TIME = f"([0-9]{{4}})([0-9]{{2}})([0-9]{{2}})T([0-9]{{2}})([0-9]{{2}})(?:([0-9]{{2}})([.][0-9]+)?)?{_OFFSET}?"
# As LIKE has it; of what a cast to TIMESTAMP leaves out, the offset of UTC is nothing.
_IN_UTC = ("____-__-__T__:__:__Z", "____-__-__ __:__:__+00", "____-__-__T__:__:__.___Z", "____-__-__T__:__:__+00:00")
ANY_TIME = f"{_DAY}([Tt ].*)?"


def from_text(raw: str, trimmed: str, zone: str) -> str:
    """The instant of a text; `trimmed` is the same without what surrounds it, which costs more than the rest and is needed rarely."""
    return f"CASE {_quick(raw, zone)} ELSE {_thorough(trimmed, zone)} END"


def from_native(raw: str, kind: str, zone: str) -> str:
    """The instant of a value of DuckDB's type `kind`: a DATE, or a TIMESTAMP of any precision, with a zone or without."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"CASE WHEN isfinite({raw}) THEN {_in_utc(raw)} ELSE timezone('UTC', {raw}) END"
    # a day may be further away than any time
    return _local(f"TRY_CAST({raw} AS TIMESTAMP)", "UTC" if kind == "DATE" else zone)


def _local(moment: str, zone: str) -> str:
    """A TIMESTAMP by the company's clocks as one in UTC; a day stays that day."""
    if zone == "UTC":
        return moment
    return f"CASE WHEN {moment} = date_trunc('day', {moment}) THEN {moment} ELSE timezone('UTC', CAST({moment} AS TIMESTAMPTZ)) END"


def _quick(raw: str, zone: str) -> str:
    """The ways in which nearly every system writes a time. LIKE looks at the marks between the digits in a fifth of the time that a regular
    expression takes, and the cast at the digits; a year that begins with a blank or a minus is nobody's.
    """
    plain = f"TRY_CAST({raw} AS TIMESTAMP)"
    instant = f"WHEN {_looks_like(raw, *_IN_UTC)} THEN {plain}"
    has_zone = f"ends_with({raw}, 'Z')"  # behind a second of one digit
    local = f"WHEN {_looks_like(raw, '____-__-__ __:__:__', '____-__-__T__:__:__')} AND NOT {has_zone} THEN {_local(plain, zone)}"
    day = f"WHEN {_looks_like(raw, '____-__-__')} THEN {plain}"
    full = f"WHEN regexp_full_match({raw}, '{_FULL_TIME}') THEN {_in_utc(f'TRY_CAST({raw} AS TIMESTAMPTZ)')}"
    return f"{instant} {local} {day} {full}"


def _looks_like(raw: str, *patterns: str) -> str:
    return "(" + " OR ".join(f"{raw} LIKE '{pattern}'" for pattern in patterns) + f") AND {raw} >= '0'"


def _in_utc(finite: str) -> str:
    """A TIMESTAMPTZ that is not infinite as a TIMESTAMP in UTC; `timezone('UTC', …)` asks the calendar, and takes twice as long."""
    return f"make_timestamp(epoch_us({finite}))"


def _thorough(value: str, zone: str) -> str:
    """Every other spelling. A plain cast to TIMESTAMP would drop an offset, so it is for what has none."""
    full = f"regexp_replace({value}, '^{_SHORT_TIME}$', '\\1:00\\2')"
    marked = _with_marks(value)
    usual = f"regexp_replace(replace(replace(upper({value}), ',', '.'), 'UTC', 'Z'), ' ([Z+-])', '\\1')"
    return (
        f"CASE WHEN regexp_full_match({value}, '{_LOCAL_TIME}') THEN {_local(f'TRY_CAST({value} AS TIMESTAMP)', zone)}"
        f" WHEN regexp_full_match({value}, '{_RARE_LOCAL_TIME}') THEN {_local(f'TRY_CAST({usual} AS TIMESTAMP)', zone)}"
        f" WHEN regexp_full_match({value}, '{_FULL_TIME}') THEN timezone('UTC', TRY_CAST({value} AS TIMESTAMPTZ))"
        f" WHEN regexp_full_match({value}, '{_SHORT_TIME}') THEN timezone('UTC', TRY_CAST({full} AS TIMESTAMPTZ))"
        f" WHEN regexp_full_match({value}, '{_RARE_TIME}') THEN timezone('UTC', TRY_CAST({usual} AS TIMESTAMPTZ))"
        f" WHEN regexp_full_match({value}, '{_BASIC_TIME}') AND regexp_full_match({value}, '[0-9T.]+')"
        f" THEN {_local(f'TRY_CAST({marked} AS TIMESTAMP)', zone)}"
        f" WHEN regexp_full_match({value}, '{_BASIC_TIME}') THEN timezone('UTC', TRY_CAST({marked} AS TIMESTAMPTZ)) END"
    )


def _with_marks(value: str) -> str:
    """A time of ISO-8601 in its basic form in its extended one."""
    to_the_minute = f"regexp_replace({value}, '^(....)(..)(..)T(..)(..)', '\\1-\\2-\\3T\\4:\\5:')"
    return f"regexp_replace(regexp_replace({to_the_minute}, ':([Z+-]|$)', ':00\\1'), '([+-]..)(..)$', '\\1:\\2')"
