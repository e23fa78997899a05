"""The warehouse after an erasure: a new file with what no build can make again, and nothing else.

Comes in: the path of the build file. Goes out: the file, replaced in one step. dbt builds everything else anew on the next night, from a
landing that no longer has the person; rows that are only deleted would stay in the free blocks of the old file.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import duckdb

from orchestration.redaction import Needles
from orchestration.sql_text import literal

# Judgements and measures of earlier nights; examples are keys of rows, whoever they belong to.
_KEPT = {
    "ops.check_results": "* REPLACE (CAST([] AS VARCHAR[]) AS examples, {observed} AS observed, {description} AS description)",
    "ml.model_runs": "*",
    "ops.drift": "*",
    "ops.rewritten": "*",
}


def renew(path: Path, needles: Needles, note: Callable[[Path, int, int], None]) -> None:
    """Replace the build file, if there is one and anything was built in it since it was last renewed."""
    for leftover in (path.with_name(f"{path.name}.wal"), path.with_name(f".{path.name}.renewed")):
        leftover.unlink(missing_ok=True)
    if not path.exists():
        return
    waiting = path.with_name(f".{path.name}.renewed")
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute(f"ATTACH {literal(path)} AS old (READ_ONLY); ATTACH {literal(waiting)} AS new")
        tables = _tables(connection)
        if tables <= _KEPT.keys():
            return
        for schema in ("ops", "ml"):
            connection.execute(f"CREATE SCHEMA new.{schema}")
        for table in sorted(tables & _KEPT.keys()):
            columns = _KEPT[table].format(observed=needles.without("observed"), description=needles.without("description"))
            connection.execute(f"CREATE TABLE new.{table} AS SELECT {columns} FROM old.{table}")
        connection.execute("DETACH new; DETACH old")
    waiting.chmod(0o600)
    note(path, 0, 0)
    os.replace(waiting, path)


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'old'").fetchall()
    return {name for (name,) in rows}
