"""How much of what the release before said is said otherwise tonight, of rows that both have.

Comes in: a Night, a connection to its warehouse, and tables of schema marts. Goes out: the frame that `expectations.rewriting` judges.
Rows are found again by their key, so new rows, and those that are gone, do not count: neither a month's end, a campaign, nor a source that
joins or leaves looks like another past.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pandas as pd

from expectations.past import PAST, Past
from orchestration import releases
from orchestration.gates.histories import with_history
from orchestration.night import Night
from orchestration.releases import Release
from orchestration.sql_text import identifier, literal

FEWEST_ROWS = 200
_MOST_ROWS = 50_000
# A number counts as another one from this factor on: a rate that was corrected is none, a unit, a sign or a zero is.
_FACTOR = 2


def measure(night: Night, connection: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> pd.DataFrame:
    """One row per column of `expectations.past` in `tables`: `share` (NaN where it cannot be told), `rows`, against what, its history."""
    reference = releases.newest_before(night.home.root, night.as_of)
    rows = [row for table in tables if table in PAST for row in _table(connection, table, reference)]
    frame = pd.DataFrame(rows, columns=["table_name", "column_name", "share", "rows", "compared_with"])
    return with_history(connection, "rewritten", frame, night.as_of, reference.as_of if reference else None)


def _table(connection: duckdb.DuckDBPyConnection, table: str, reference: Release | None) -> Iterator[tuple[Any, ...]]:
    past = PAST[table]
    lacking = _lacking(table, past, reference)
    if reference is None or lacking:
        yield from ((table, column, None, 0, lacking) for column in past.columns)
        return
    told = connection.execute(_compared(table, past, reference)).fetchall()[0]
    for column, known, changed in zip(past.columns, told[::2], told[1::2], strict=True):
        if known < FEWEST_ROWS:
            yield table, column, None, known, f"fewer than {FEWEST_ROWS} rows that both nights have tell nothing"
        else:
            yield table, column, changed / known, known, f"in the release of {reference.as_of}"


def _lacking(table: str, past: Past, reference: Release | None) -> str | None:
    """Why the release before tells nothing of a table; None where it does."""
    if reference is None or table not in reference.tables:
        return "there is no release of an earlier day to compare with"
    lacking = [column for column in (*past.key, *past.columns) if column not in reference.manifest["tables"][table]["columns"]]
    return f"the release of {reference.as_of} has no {', '.join(lacking)}" if lacking else None


def _compared(table: str, past: Past, reference: Release) -> str:
    """For each column: rows that were known, and those of them that say otherwise; of about _MOST_ROWS, the same ones whenever asked."""
    key = ", ".join(map(identifier, past.key))
    columns = ", ".join(map(identifier, (*past.key, *past.columns)))
    every = max(1, reference.manifest["tables"][table]["rows"] // _MOST_ROWS)
    sampled = f"SELECT {columns} FROM {{}} WHERE hash({key}) % {every} = 0"
    counts = [part for column in past.columns for part in _counts(column, column in past.numbers)]
    return f"""WITH before AS ({sampled.format(f"read_parquet({literal(reference.table_file(table))})")}),
        tonight AS ({sampled.format(f"marts.{table}")})
        SELECT {", ".join(counts)} FROM before INNER JOIN tonight USING ({key})"""


def _counts(column: str, is_number: bool) -> tuple[str, str]:
    then, now = f"before.{identifier(column)}", f"tonight.{identifier(column)}"
    known = f"{then} IS NOT NULL"
    changed = f"{now} IS DISTINCT FROM {then}"
    if is_number:
        known += f" AND ({then} <> 0 OR coalesce({now}, 0) <> 0)"
        changed = f"""({now} IS NULL OR sign({now}) <> sign({then})
            OR abs({now}) > {_FACTOR} * abs({then}) OR {_FACTOR} * abs({now}) < abs({then}))"""
    return f"count(*) FILTER ({known})", f"count(*) FILTER ({known} AND {changed})"
