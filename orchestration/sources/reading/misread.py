"""Columns whose numbers are written in another way than is said: what waits in quarantine shows it, and what was read may be wrong.

Comes in: the landed rows of one file. Goes out: a line for each such column. Where 12,50 could not be read, 1.234 beside it was, maybe as
something else than was meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orchestration.contract import Table
from orchestration.plain_words import counted
from orchestration.sources.base import Bench
from orchestration.sources.reading.numbers import PLAIN, Numbers
from orchestration.sql_text import literal

_COMMAS = (
    '{numbers} with a comma cannot be read, and 1.234 beside them is a fraction; say `decimal: ","` of the source where a comma'
    ' stands before the fraction, `thousands: ","` where it stands between thousands'
)
_POINTS = (
    "{numbers} with a decimal point cannot be read, because `decimal` is a comma; where the column holds both, 1.234 in it was read"
    " as more than a thousand: export it in one way"
)


def misread(table: Table, rows: Path, part: str, numbers: Numbers, bench: Bench) -> Iterator[str]:
    """One line for each column of `rows` with numbers that another spelling than `numbers` could read."""
    others, told = ((PLAIN,), _POINTS) if numbers.decimal == "," else ((Numbers(","), Numbers(".", ",")), _COMMAS)
    pattern = literal("|".join(f"({other.fraction()})" for other in others))
    columns = [column.name for column in table.columns if column.type in ("decimal", "rate", "integer")]
    if not columns:
        return
    tests = ((f"json_extract_string(_bad_values, {literal(f'/{column}')})") for column in columns)
    counts = ", ".join(f"count(*) FILTER (regexp_full_match(trim({text}), {pattern}))" for text in tests)
    query = f"SELECT {counts} FROM read_parquet({literal(str(rows))}) WHERE _bad_values IS NOT NULL"
    found = bench.connection.execute(query).fetchone() or ()
    yield from (
        f"{part}: {column}: {told.format(numbers=counted(count, 'number'))}" for column, count in zip(columns, found, strict=True) if count
    )
