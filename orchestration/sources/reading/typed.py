"""Raw columns to contract types, as DuckDB SQL.

Comes in: a raw column and its native type. Goes out: expressions for the typed value and for "this could not be typed".
Nothing is guessed: a time is ISO-8601, a whole number has no fraction, and what fits neither stays as text in `_bad_values`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orchestration.contract import Column, Table
from orchestration.sources.reading import texts, times
from orchestration.sources.reading.numbers import PLAIN, Numbers
from orchestration.sources.reading.raw import Opened, Raw
from orchestration.sql_text import identifier, literal

# Added to every landed row; the last two are what the next run compares with.
LANDED_COLUMNS = ("_row_number", "_is_deleted", "_bad_values", "_file", "_row_hash")

_WORDS = (("true", "true t yes y 1 1.0"), ("false", "false f no n 0 0.0"))
_BOOLEANS = " ".join(f"WHEN '{word}' THEN {truth}" for truth, words in _WORDS for word in words.split())
# Different values of 122,880 that are worth a dictionary. DuckDB makes one until it is larger than this, and would go on until 24,576: of
# hashes, numbers of rows and most ids for nothing, which is a tenth of what a row of Parquet takes.
_MOST_WORDS = 8_000
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


def typed(column: Column, raw: Raw, zone: str = "", numbers: Numbers = PLAIN) -> str:
    """SQL for `raw` as the column's type; NULL where it does not fit. Times without a zone are in the session's, `zone`; days have none."""
    direct = _from_native(column, raw, zone)
    return direct if direct is not None else _from_text(column, raw.text, zone, numbers)


def never_fails(column: Column, raw: Raw) -> bool:
    """Whether every value of `raw` fits the column, so that rows need not be judged."""
    kind = raw.type.split("(")[0]
    if column.type in ("timestamp", "date"):
        return kind.startswith("TIMESTAMP") or (kind == "DATE" and column.type == "date")
    if column.type == "text":
        return kind in _INTEGERS or not texts.may_be_cut(column)
    return raw.type == column.duckdb_type or (column.type == "integer" and kind in _INTEGERS[:4])


def unreadable(column: Column, raw: str) -> str:
    """SQL that is true where `raw` says something that the typed column could not hold; looks at the text only where it is NULL."""
    typed_column = identifier(column.name)
    said = texts.says_something(column, f"CAST({raw} AS VARCHAR)")
    return f"CASE WHEN {typed_column} IS NULL AND {raw} IS NOT NULL THEN {said} ELSE false END"


def row_query(table: Table, file: Opened, raw: Mapping[str, Raw], unknown: Mapping[str, Raw], part: str, first_row: int, zone: str) -> str:
    """SELECT of the landed rows of one part.

    raw, unknown  the file's columns that the contract knows, and those it does not; a contract column that is not there is all NULL
    """
    present = [column for column in table.columns if column.name in raw]
    judged = [column for column in present if not never_fails(column, raw[column.name])]
    values = [f"{typed(column, raw[column.name], zone, file.numbers or PLAIN)} AS {identifier(column.name)}" for column in present]
    values += [f"CAST(NULL AS {column.duckdb_type}) AS {identifier(column.name)}" for column in table.columns if column.name not in raw]
    values += [f"nullif({column.text}, '') AS {identifier(label)}" for label, column in unknown.items()]
    values += [f"{raw[column.name].expression} AS {identifier('_raw_' + column.name)}" for column in judged]
    kept = ", ".join(identifier(label) for label in (*table.column_names, *sorted(unknown)))
    return f"""WITH typed AS (SELECT {", ".join(values)}, {file.row_number} + {first_row - 1} AS _row_number FROM {file.relation}),
        judged AS (SELECT {kept}, _row_number, {_bad_values(judged)} AS _bad_values FROM typed)
        SELECT {kept}, _row_number, false AS _is_deleted, _bad_values, {literal(part)} AS _file, hash({kept}, _bad_values) AS _row_hash
        FROM judged"""


def copy_of(query: str, target: Path) -> str:
    """SQL that writes the rows of a SELECT to `target` and says how many there are."""
    return f"COPY ({query}) TO {literal(str(target))} (FORMAT parquet, DICTIONARY_SIZE_LIMIT {_MOST_WORDS})"


def _bad_values(columns: list[Column]) -> str:
    """JSON object of column → raw text; merging drops the keys whose value is NULL. Evaluated only for rows that need it."""
    if not columns:
        return "CAST(NULL AS VARCHAR)"
    failed = {column.name: unreadable(column, identifier("_raw_" + column.name)) for column in columns}
    pairs = ", ".join(
        f"{literal(label)}, CASE WHEN {test} THEN CAST({identifier('_raw_' + label)} AS VARCHAR) END" for label, test in failed.items()
    )
    return f"CASE WHEN {' OR '.join(failed.values())} THEN CAST(json_merge_patch('{{}}', json_object({pairs})) AS VARCHAR) END"


def _from_text(column: Column, raw: str, zone: str, numbers: Numbers) -> str:
    """Spaces around a value cost as much to remove as the value costs to type, so the value as it is comes first."""
    match column.type:
        case "text":
            return texts.text(column, raw)
        case "boolean":
            return f"CASE lower({texts.outer(raw)}) {_BOOLEANS} END"
        case "timestamp":
            return times.from_text(raw, texts.outer(raw), zone)
    return "CASE " + " ".join(_from_plain_text(column, value, numbers) for value in (raw, texts.outer(raw))) + " END"


def _from_plain_text(column: Column, value: str, numbers: Numbers) -> str:
    number = numbers.cast_of(value)
    pattern, result = {
        "date": (times.ANY_TIME, f"TRY_CAST(left({value}, 10) AS DATE)"),
        "integer": (numbers.integer(), f"TRY_CAST({number} AS BIGINT)"),
        "decimal": (numbers.fraction(), _decimal(number)),
        "rate": (numbers.fraction(), f"TRY_CAST({number} AS {column.duckdb_type})"),
    }[column.type]
    return f"WHEN regexp_full_match({value}, {literal(pattern)}) THEN {result}"


def _decimal(value: str) -> str:
    """DuckDB casts text to a wide decimal sixty times slower than to a narrow one, so the narrow one is tried first."""
    return f"coalesce(CAST(TRY_CAST({value} AS DECIMAL(18,8)) AS DECIMAL(28,8)), TRY_CAST({value} AS DECIMAL(28,8)))"


def _from_native(column: Column, raw: Raw, zone: str) -> str | None:
    """A direct cast where both sides mean the same kind of thing, else None."""
    kind = raw.type.split("(")[0]
    numeric = kind in (*_INTEGERS, "DOUBLE", "FLOAT", "DECIMAL")
    if raw.type == column.duckdb_type and column.type in ("decimal", "rate", "integer", "boolean", "date"):
        return raw.expression
    if column.type in ("timestamp", "date") and kind.startswith(("TIMESTAMP", "DATE")):
        return f"CAST({raw.expression} AS DATE)" if column.type == "date" else times.from_native(raw.expression, kind, zone)
    if column.type in ("decimal", "rate") and numeric:
        return f"TRY_CAST({raw.expression} AS {column.duckdb_type})"
    if column.type == "integer" and numeric:
        whole = f"TRY_CAST({raw.expression} AS BIGINT)"
        return whole if kind in _INTEGERS else f"CASE WHEN {raw.expression} = trunc({raw.expression}) THEN {whole} END"
    return None
