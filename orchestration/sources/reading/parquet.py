"""A Parquet file as a relation of raw columns.

Comes in: a path. Goes out: `Opened`. What DuckDB would read wrongly without a word is refused: of two columns that differ by case it
renames one, and a decimal of more than 38 digits comes out as another number (1.10 as 18454937.6, DuckDB 1.5.5).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from orchestration.sources.base import Bench, SourceError
from orchestration.sources.reading.raw import Opened, Raw, refuse_duplicates
from orchestration.sql_text import identifier, literal

_MOST_DIGITS = 38
_ROW = "file_row_number"


def parquet(path: Path, label: str, bench: Bench) -> Opened:
    """`path` ready to be selected from. Raises SourceError, or duckdb.Error when it is no Parquet."""
    # Older writers leave strings unmarked; they would come out as blobs.
    relation = f"read_parquet({literal(str(path))}, binary_as_string = true, hive_partitioning = false"
    columns = columns_of(f"SELECT * FROM {relation})", bench.connection)
    written = list(_written(path, bench))
    refuse_duplicates((column for column, _ in written), label)
    wide = next((column for column, digits in written if digits > _MOST_DIGITS), None)
    if wide is not None:
        raise SourceError(f"{label}: the column {wide} is a decimal of more than {_MOST_DIGITS} digits; export it with fewer")
    if _ROW in (column.lower() for column in columns):
        return Opened(f"{relation})", columns)
    # A window function would put the whole copy on one thread.
    return Opened(f"{relation}, {_ROW} = true)", columns, f"{_ROW} + 1")


def columns_of(query: str, connection: duckdb.DuckDBPyConnection) -> dict[str, Raw]:
    """The columns of a query as raw ones."""
    described = connection.execute(f"DESCRIBE {query}").fetchall()
    return {column: Raw(_without_nan(identifier(column), kind), kind) for column, kind, *_ in described}


def _written(path: Path, bench: Bench) -> Iterator[tuple[str, int]]:
    """Name and decimal digits of every column, nested ones left out, as the file has them; digits are 0 for what is no decimal."""
    query = "SELECT name, coalesce(num_children, 0), coalesce(precision, 0) FROM parquet_schema(?)"
    nested, (_, *elements) = 0, bench.connection.execute(query, [str(path)]).fetchall()
    for column, children, digits in elements:
        if not nested:
            yield column, digits
        nested += children - (1 if nested else 0)


def _without_nan(expression: str, kind: str) -> str:
    """A data frame writes "missing" as not-a-number."""
    return f"CASE WHEN NOT isnan({expression}) THEN {expression} END" if kind in ("DOUBLE", "FLOAT") else expression
