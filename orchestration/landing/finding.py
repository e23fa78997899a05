"""The landed rows of somebody, wherever they lie: found by tombstones, those on disk or some that are made up to look for them.

Comes in: the landing folder, tombstones. Goes out: a condition in SQL for each table, the files and rows that it is true for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from orchestration.contract import INPUT_TABLES, Table
from orchestration.landing.log import LandingError, LandingLog, sources
from orchestration.landing.persons import NOBODY, is_erased
from orchestration.landing.rewriting import emptying_of, one
from orchestration.landing.tombstones import Tombstones
from orchestration.landing.written import parquet


def remaining(root: Path, tombstones: Tombstones) -> dict[str, int]:
    """Landed file → rows of people with a tombstone that are still in it; empty when all are gone."""
    with opened(root) as connection:
        counted = {
            path: one(connection, f"SELECT count(*) FROM {parquet([path])} WHERE {condition}")
            for _, _, path, condition in _files(connection, root, tombstones, emptied=True)
        }
    return {path: rows for path, rows in counted.items() if rows}


def rows_of(
    root: Path, tombstones: Tombstones, tables: Collection[str] = tuple(INPUT_TABLES)
) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """(source, table, landed file, row) of everybody with a tombstone; `tombstones` need not be those on disk.

    tables  where to look: who asks only for records need not wait until every interaction has been read
    """
    with opened(root) as connection:
        for source, table, path, condition in _files(connection, root, tombstones, tables):
            rows = connection.execute(f"SELECT * FROM {parquet([path])} WHERE {condition}").to_arrow_table().to_pylist()
            yield from ((source, table, path, row) for row in rows)


def _files(
    connection: duckdb.DuckDBPyConnection,
    root: Path,
    tombstones: Tombstones,
    tables: Collection[str] = tuple(INPUT_TABLES),
    *,
    emptied: bool = False,
) -> Iterator[tuple[str, str, str, str]]:
    """(source, table, landed file, condition of the rows to look for); a condition holds until the next one is asked for.

    emptied  of a contact's record only when it has something that should have been emptied
    """
    tombstones.show(connection)
    for log in (LandingLog(root, source) for source in sources(root)):
        for table in (each for each in filled(log) if each.name in tables):
            condition = condition_of(connection, tombstones, log, table, crm_ids_of(log))
            for path in log.files(table.name):
                contact = emptying_of(connection, tombstones, log, table, path)
                yield log.source, table.name, path, f"({condition} OR {contact.wanted if emptied else contact.condition})"


def filled(log: LandingLog) -> Iterator[Table]:
    """The tables of which the source has landed anything."""
    return (table for table in INPUT_TABLES.values() if log.files(table.name))


def condition_of(connection: duckdb.DuckDBPyConnection, tombstones: Tombstones, log: LandingLog, table: Table, crm_ids: str) -> str:
    """SQL that is true for the rows of whoever has a tombstone; it holds until the next one of the same table is asked for."""
    return is_erased(connection, tombstones, parquet(log.files(table.name)), table, log.source, crm_ids)


def crm_ids_of(log: LandingLog) -> str:
    """SELECT of the ids (`id`) of all CRM records that the source has landed."""
    landed = log.files("crm_customers")
    return f"SELECT customer_id AS id FROM {parquet(landed)}" if landed else NOBODY


@contextmanager
def opened(root: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Landing, locked against a run that lands into it."""
    try:
        with (
            FileLock(root / ".lock", mode=0o600).acquire(timeout=0),
            duckdb.connect(config={"autoinstall_known_extensions": "false", "temp_directory": str(root / ".forgetting")}) as connection,
        ):
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
    except Timeout as error:
        raise LandingError(f"{root}: another run is landing into this folder; wait until it has finished") from error
