"""The build file: opened for writing by one process at a time, and which night it holds.

Comes in: the path of the file. Goes out: a connection, with the schemas and tables that Python writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from orchestration.database_files import make_whole
from orchestration.warehouse.tables import NOTHING_SENT, OPS_TABLES, SCORE_TABLES


@contextmanager
def connect(path: str | Path, *, memory_gib: float = 8, threads: int = 2) -> Iterator[duckdb.DuckDBPyConnection]:
    """A writing connection to the warehouse at `path`, closed (and so checkpointed) at the end."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    make_whole(Path(path))
    connection = duckdb.connect(str(path), config={"autoinstall_known_extensions": "false"})
    try:
        connection.execute(
            f"SET memory_limit = '{memory_gib}GiB'; SET threads = {threads}; SET preserve_insertion_order = false; SET TimeZone = 'UTC'"
        )
        yield connection
    finally:
        connection.close()


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the schemas and the tables that Python writes, where they are missing."""
    for schema, tables in (("ops", OPS_TABLES), ("ml", SCORE_TABLES)):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for name, columns in tables.items():
            connection.execute(f"CREATE TABLE IF NOT EXISTS {schema}.{name} ({columns})")
    connection.execute(f"CREATE VIEW IF NOT EXISTS ops.sync_log AS {NOTHING_SENT}")
    connection.execute("CREATE SCHEMA IF NOT EXISTS landing")


def begin(connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Mark the warehouse as holding the night of `as_of` from now on."""
    connection.execute("CREATE OR REPLACE TABLE ops.night AS SELECT CAST(? AS DATE) AS as_of_date", [as_of])


def held_night(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The as-of date that the warehouse was last built for; None when it never was."""
    known = connection.execute("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'ops' AND table_name = 'night'").fetchone()
    row = connection.execute("SELECT as_of_date FROM ops.night").fetchone() if known else None
    return row[0] if row else None


def empty_tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of the tables of dbt, and of the marts that are views, without a row."""
    # ml and ops are Python's; ml.action_candidates is still empty when ml_inputs.action_candidates is tested.
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE estimated_size = 0 AND schema_name NOT IN ('ml', 'ops')"
    ).fetchall()
    views = connection.execute("SELECT view_name FROM duckdb_views() WHERE schema_name = 'marts'").fetchall()
    return {name for (name,) in rows} | {name for (name,) in views if not connection.execute(f'FROM marts."{name}" LIMIT 1').fetchone()}
