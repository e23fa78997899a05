"""Raw columns to contract types, as DuckDB SQL.

Comes in: a raw column and its native type. Goes out: expressions for the typed value and for "this could not be typed".
Nothing is guessed: a time is ISO-8601, a whole number has no fraction, and what fits neither stays as text in `_bad_values`.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestration.contract import Column, Table
from orchestration.sources.reading.raw import Opened, Raw
from orchestration.sql_text import identifier, literal

# Added to every landed row; the last two are what the next run compares with.
LANDED_COLUMNS = ("_row_number", "_is_deleted", "_bad_values", "_file", "_row_hash")

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_OFFSET = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
_TIME = f"{_DAY}([T ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]+)?{_OFFSET}?)?)?"
_FULL_TIME = f"{_DAY}[T ][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}([.][0-9]+)?{_OFFSET}"
_SHORT_TIME = f"({_DAY}[T ][0-9]{{2}}:[0-9]{{2}}){_OFFSET}"  # no seconds but an offset: DuckDB wants the seconds
# As clear, but not to DuckDB: lower case, a decimal comma (both ISO-8601), a blank before the offset, UTC for Z.
_RARE_TIME = f"{_DAY}[Tt ][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}([.,][0-9]+)?( ?({_OFFSET}|z|UTC))?"
_ANY_TIME = f"{_DAY}([Tt ].*)?"
_INTEGER = "[+-]?[0-9]+([.]0*)?"  # 3.0 is how a spreadsheet or a data frame writes 3
_DECIMAL = "[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?"
_WORDS = (("true", "true t yes y 1 1.0"), ("false", "false f no n 0 0.0"))
_BOOLEANS = " ".join(f"WHEN '{word}' THEN {truth}" for truth, words in _WORDS for word in words.split())
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


def typed(column: Column, raw: Raw, zone: str = "") -> str:
    """SQL for `raw` as the column's type; NULL where it does not fit. Times without a zone are in the session's, `zone`."""
    direct = _from_native(column, raw, zone)
    return direct if direct is not None else _from_text(column, raw.text, zone)


def never_fails(column: Column, raw: Raw) -> bool:
    """Whether every value of `raw` fits the column, so that rows need not be judged."""
    kind = raw.type.split("(")[0]
    if column.type in ("timestamp", "date"):
        return kind.startswith("TIMESTAMP") or (kind == "DATE" and column.type == "date")
    return column.type == "text" or raw.type == column.duckdb_type or (column.type == "integer" and kind in _INTEGERS[:4])


def unreadable(column: Column, raw: str) -> str:
    """SQL that is true where `raw` says something that the typed column could not hold; looks at the text only where it is NULL."""
    typed_column = identifier(column.name)
    return f"CASE WHEN {typed_column} IS NULL AND {raw} IS NOT NULL THEN trim(CAST({raw} AS VARCHAR)) <> '' ELSE false END"


def row_query(table: Table, file: Opened, raw: Mapping[str, Raw], unknown: Mapping[str, Raw], part: str, first_row: int, zone: str) -> str:
    """SELECT of the landed rows of one part.

    raw, unknown  the file's columns that the contract knows, and those it does not; a contract column that is not there is all NULL
    """
    present = [column for column in table.columns if column.name in raw]
    judged = [column for column in present if not never_fails(column, raw[column.name])]
    values = [f"{typed(column, raw[column.name], zone)} AS {identifier(column.name)}" for column in present]
    values += [f"CAST(NULL AS {column.duckdb_type}) AS {identifier(column.name)}" for column in table.columns if column.name not in raw]
    values += [f"nullif({column.text}, '') AS {identifier(label)}" for label, column in unknown.items()]
    values += [f"{raw[column.name].expression} AS {identifier('_raw_' + column.name)}" for column in judged]
    kept = ", ".join(identifier(label) for label in (*table.column_names, *sorted(unknown)))
    return f"""WITH typed AS (SELECT {", ".join(values)}, {file.row_number} + {first_row - 1} AS _row_number FROM {file.relation}),
        judged AS (SELECT {kept}, _row_number, {_bad_values(judged)} AS _bad_values FROM typed)
        SELECT {kept}, _row_number, false AS _is_deleted, _bad_values, {literal(part)} AS _file, hash({kept}, _bad_values) AS _row_hash
        FROM judged"""


def _bad_values(columns: list[Column]) -> str:
    """JSON object of column → raw text; merging drops the keys whose value is NULL. Evaluated only for rows that need it."""
    if not columns:
        return "CAST(NULL AS VARCHAR)"
    failed = {column.name: unreadable(column, identifier("_raw_" + column.name)) for column in columns}
    pairs = ", ".join(
        f"{literal(label)}, CASE WHEN {test} THEN CAST({identifier('_raw_' + label)} AS VARCHAR) END" for label, test in failed.items()
    )
    return f"CASE WHEN {' OR '.join(failed.values())} THEN CAST(json_merge_patch('{{}}', json_object({pairs})) AS VARCHAR) END"


def _from_text(column: Column, raw: str, zone: str) -> str:
    """Spaces around a value cost as much to remove as the value costs to type, so the value as it is comes first."""
    match column.type:
        case "text":
            return _text(column, raw)
        case "boolean":
            return f"CASE lower(trim({raw})) {_BOOLEANS} END"
        case "timestamp":
            return f"CASE {_quick_timestamps(raw, zone)} ELSE {_timestamp(f'trim({raw})')} END"
    return "CASE " + " ".join(_from_plain_text(column, value) for value in (raw, f"trim({raw})")) + " END"


def _text(column: Column, raw: str) -> str:
    """Text without outer spaces; the tests before it make that nearly free. An id 123.0 is 123, see `Raw.text`."""
    kept = f"CASE WHEN {raw} < '!' OR ends_with({raw}, ' ') THEN nullif(trim({raw}, ' \t\r\n'), '') "
    if column.name.endswith("_id"):
        kept += f"WHEN ends_with({raw}, '.0') AND regexp_full_match({raw}, '(0|[1-9][0-9]*)[.]0') THEN left({raw}, -2) "
    return kept + f"ELSE {raw} END"


def _from_plain_text(column: Column, value: str) -> str:
    pattern, result = {
        "date": (_ANY_TIME, f"TRY_CAST(left({value}, 10) AS DATE)"),
        "integer": (_INTEGER, f"TRY_CAST({value} AS BIGINT)"),
        "decimal": (_DECIMAL, _decimal(value)),
    }[column.type]
    return f"WHEN regexp_full_match({value}, '{pattern}') THEN {result}"


def _quick_timestamps(raw: str, zone: str) -> str:
    """The two ways in which nearly every system writes a time, four times as fast as the general way."""
    cast = f"TRY_CAST({raw} AS TIMESTAMP)"
    naive = cast if zone == "UTC" else f"timezone('UTC', CAST({cast} AS TIMESTAMPTZ))"
    full = f"WHEN regexp_full_match({raw}, '{_FULL_TIME}') THEN {_in_utc(f'TRY_CAST({raw} AS TIMESTAMPTZ)')}"
    return f"WHEN strlen({raw}) = 19 AND CAST({cast} AS VARCHAR) = {raw} THEN {naive} {full}"


def _in_utc(finite: str) -> str:
    """A TIMESTAMPTZ that is not infinite as a TIMESTAMP in UTC; `timezone('UTC', …)` asks the calendar, and takes twice as long."""
    return f"make_timestamp(epoch_us({finite}))"


def _timestamp(value: str) -> str:
    """A time in UTC. A plain cast to TIMESTAMP would drop the offset; through TIMESTAMPTZ a missing one is the session's zone."""
    full = f"regexp_replace({value}, '^{_SHORT_TIME}$', '\\1:00\\2')"
    usual = f"regexp_replace(replace(replace(upper({value}), ',', '.'), 'UTC', 'Z'), ' ([Z+-])', '\\1')"
    return (
        f"timezone('UTC', CASE WHEN regexp_full_match({value}, '{_TIME}') THEN TRY_CAST({value} AS TIMESTAMPTZ)"
        f" WHEN regexp_full_match({value}, '{_SHORT_TIME}') THEN TRY_CAST({full} AS TIMESTAMPTZ)"
        f" WHEN regexp_full_match({value}, '{_RARE_TIME}') THEN TRY_CAST({usual} AS TIMESTAMPTZ) END)"
    )


def _decimal(value: str) -> str:
    """DuckDB casts text to a wide decimal sixty times slower than to a narrow one, so the narrow one is tried first."""
    return f"coalesce(CAST(TRY_CAST({value} AS DECIMAL(18,8)) AS DECIMAL(28,8)), TRY_CAST({value} AS DECIMAL(28,8)))"


def _from_native(column: Column, raw: Raw, zone: str) -> str | None:
    """A direct cast where both sides mean the same kind of thing, else None."""
    kind = raw.type.split("(")[0]
    numeric = kind in (*_INTEGERS, "DOUBLE", "FLOAT", "DECIMAL")
    if raw.type == column.duckdb_type and column.type in ("decimal", "integer", "boolean", "date"):
        return raw.expression
    if column.type in ("timestamp", "date") and kind.startswith(("TIMESTAMP", "DATE")):
        return _from_native_time(column, raw.expression, kind, zone)
    if column.type == "decimal" and numeric:
        return f"TRY_CAST({raw.expression} AS DECIMAL(28,8))"
    if column.type == "integer" and numeric:
        whole = f"TRY_CAST({raw.expression} AS BIGINT)"
        return whole if kind in _INTEGERS else f"CASE WHEN {raw.expression} = trunc({raw.expression}) THEN {whole} END"
    return None


def _from_native_time(column: Column, raw: str, kind: str, zone: str) -> str:
    if column.type == "date":
        return f"CAST({raw} AS DATE)"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"CASE WHEN isfinite({raw}) THEN {_in_utc(raw)} ELSE timezone('UTC', {raw}) END"
    naive = f"TRY_CAST({raw} AS TIMESTAMP)"  # a day may be further away than any time
    return naive if zone == "UTC" else f"timezone('UTC', CAST({naive} AS TIMESTAMPTZ))"
