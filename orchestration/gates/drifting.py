"""How far the columns that people look at have moved from the last release, and how far they moved in the nights before.

Comes in: a Night, a connection to its warehouse, and tables of schema marts. Goes out: the frame that `expectations.drift` judges.
The reference is the newest kept release of an earlier day: the same night run again, or later, is judged by the same one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import duckdb
import pandas as pd

from expectations.drift import WATCHED, WATCHED_DAYS, Watched
from ml.drift import psi
from orchestration import releases
from orchestration.gates.histories import with_history
from orchestration.night import Night
from orchestration.releases import Release
from orchestration.sql_text import literal

# With fewer rows on a side the index of ten bins is mostly noise: about 9/n of either side.
FEWEST_ROWS = 200
# More rows would not change the second digit.
_MOST_ROWS = 50_000


def measure(night: Night, connection: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> pd.DataFrame:
    """One row per watched column of `tables`: its PSI (NaN where it cannot be told), against what, and its history; kept in `ops.drift`."""
    reference = releases.newest_before(night.home.root, night.as_of)
    rows = [row for table in tables if table in WATCHED for row in _table(night, connection, table, reference)]
    frame = pd.DataFrame(rows, columns=["table_name", "column_name", "psi", "compared_with"])
    return with_history(connection, "drift", frame, night.as_of, reference.as_of if reference else None)


def _table(night: Night, connection: duckdb.DuckDBPyConnection, table: str, reference: Release | None) -> Iterator[tuple[Any, ...]]:
    watched = WATCHED[table]
    if reference is None or table not in reference.tables:
        yield from ((table, column, None, "there is no release of an earlier day to compare with") for column in watched.columns)
        return
    columns = [column for column in watched.columns if column in reference.manifest["tables"][table]["columns"]]
    lacking = [column for column in watched.columns if column not in columns]
    yield from ((table, column, None, f"the release of {reference.as_of} has no such column") for column in lacking)
    if not columns:
        return
    now = _sampled(connection, f"marts.{table}", columns, watched, night.as_of)
    then = _sampled(connection, f"read_parquet({literal(str(reference.table_file(table)))})", columns, watched, reference.as_of)
    if min(len(now), len(then)) < FEWEST_ROWS:
        yield from ((table, column, None, f"fewer than {FEWEST_ROWS} rows tell nothing") for column in columns)
        return
    told: dict[str, float] = dict(psi(then, now).loc[:, ["column", "psi"]].itertuples(index=False))
    yield from ((table, column, index, f"the release of {reference.as_of}") for column, index in told.items())
    yield from ((table, column, None, "it has no distribution") for column in columns if column not in told)


def _sampled(connection: duckdb.DuckDBPyConnection, relation: str, columns: list[str], watched: Watched, as_of: date) -> pd.DataFrame:
    """At most about _MOST_ROWS rows, the same ones whenever they are asked for."""
    lately = "true"
    if watched.day:
        lately = f"CAST({watched.day} AS DATE) > DATE '{as_of}' - {WATCHED_DAYS} AND CAST({watched.day} AS DATE) <= DATE '{as_of}'"
    (rows,) = connection.execute(f"SELECT count(*) FROM {relation} WHERE {lately}").fetchone() or (0,)
    every = max(1, rows // _MOST_ROWS)
    names = ", ".join(f'"{column}"' for column in columns)
    return connection.execute(f"SELECT {names} FROM {relation} AS row_of WHERE {lately} AND hash(row_of) % {every} = 0").df()
