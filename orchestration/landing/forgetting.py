"""The one exception to append-only: the rows of people who were erased leave every landed file, tombstones and bad values included.

Comes in: the landing folder and the tombstones. Goes out: files rewritten in place, each in one step, and the log with their new counts.
Run again after it was stopped anywhere, it goes on: which rows are meant is told by the tombstones alone, what the parts hold by a
plan that was made before anything changed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.contract import INPUT_TABLES, RECORD_TABLES
from orchestration.landing.contacts import learn_contacts
from orchestration.landing.finding import condition_of, crm_ids_of, filled, opened
from orchestration.landing.log import BEGUN, LandingLog, TableEntry, sources
from orchestration.landing.naming import rename_gone
from orchestration.landing.persons import learn
from orchestration.landing.rewriting import Note, drop_adjustments, emptying_of, rehash_adjustments, rewrite
from orchestration.landing.tombstones import Tombstones
from orchestration.landing.written import ADJUSTMENTS, parquet
from orchestration.redaction import Needles
from orchestration.sql_text import literal

Ids = Mapping[str, pa.Table]


@dataclass(frozen=True)
class Holding:
    """What a part of a source will count as holding: rows, and rows of people who were erased."""

    source: str
    table: str
    part: str
    rows: int
    erased: int

    def as_json(self) -> dict[str, Any]:
        """For a journal."""
        return asdict(self)


def plan(root: Path, tombstones: Tombstones, others: Ids) -> list[Holding]:
    """What the parts will hold, and the ids that were not known yet, which become tombstones.

    others  record table → ids (`id`) of people who are somebody else and stay
    """
    with opened(root) as connection:
        tombstones.show(connection)
        for source in sources(root):
            LandingLog(root, source).discard_unfinished()
        while any(_learned(connection, tombstones, LandingLog(root, source), others) for source in sources(root)):
            pass
        return [held for source in sources(root) for held in _holdings(connection, tombstones, LandingLog(root, source))]


def forget(root: Path, tombstones: Tombstones, needles: Needles, holdings: list[Holding], note: Note) -> None:
    """Remove the rows of everybody with a tombstone, and the mentions of `needles` in other rows."""
    with opened(root) as connection:
        shutil.rmtree(root / BEGUN, ignore_errors=True)  # lists as vendors sent them, of a run that was killed: they are asked for again
        tombstones.show(connection)
        for source in sources(root):
            log = LandingLog(root, source)
            crm_ids = crm_ids_of(log)
            for table in filled(log):
                condition = condition_of(connection, tombstones, log, table, crm_ids)
                drop_adjustments(connection, log, table, condition, note)
                if table.name == "crm_customers":
                    rehash_adjustments(connection, tombstones, log, table, note)
                for path in log.files(table.name):
                    rewrite(connection, Path(path), condition, needles, note, emptying_of(connection, tombstones, log, table, path))
            rename_gone(connection, log, tombstones, needles, note)
            _recount(connection, log, [held for held in holdings if held.source == source])


def _learned(connection: duckdb.DuckDBPyConnection, tombstones: Tombstones, log: LandingLog, others: Ids) -> bool:
    """Records of the person that no identity tells of, such as those in quarantine."""
    fresh = False
    for table in (INPUT_TABLES[name] for name in RECORD_TABLES if log.files(name)):
        condition = condition_of(connection, tombstones, log, table, crm_ids_of(log))
        connection.register("others", others.get(table.name, pa.table({"id": pa.array([], pa.string())})))
        landed, known = parquet(log.files(table.name)), "SELECT id FROM others"
        fresh |= learn(connection, tombstones, landed, table, log.source, condition, known)
        fresh |= learn_contacts(connection, tombstones, landed, table, log.source, known)
    return fresh


def _holdings(connection: duckdb.DuckDBPyConnection, tombstones: Tombstones, log: LandingLog) -> Iterator[Holding]:
    """By the equation of changes.py, of the rows that leave: landed − tombstones + adjustments."""
    for table in filled(log):
        condition = condition_of(connection, tombstones, log, table, crm_ids_of(log))
        landed, adjusted = parquet(log.files(table.name)), log.files(ADJUSTMENTS)
        leaving = f"SELECT _file, _row_hash, CASE WHEN _is_deleted THEN -1 ELSE 1 END AS copies FROM {landed} WHERE {condition}"
        if adjusted:
            hashes = f"SELECT _row_hash FROM {landed} WHERE {condition}"
            mine = f"table_name = {literal(table.name)} AND _row_hash IN ({hashes})"
            leaving += f" UNION ALL SELECT _file, _row_hash, copies FROM {parquet(adjusted)} WHERE {mine}"
        for part, copies in connection.execute(
            f"SELECT _file, sum(copies)::BIGINT FROM ({leaving}) GROUP BY 1 HAVING sum(copies) <> 0"
        ).fetchall():
            if known := log.parts(table.name).get(part):
                yield Holding(log.source, table.name, part, known["rows"] - copies, known.get("erased", 0) + copies)


def _recount(connection: duckdb.DuckDBPyConnection, log: LandingLog, holdings: list[Holding]) -> None:
    """Bring the log up to what the files hold now."""
    wanted = {(held.table, held.part): {"rows": held.rows, "erased": held.erased} for held in holdings}
    for load in reversed(log.loads):
        tables = {table: _counted(connection, log, table, entry, wanted) for table, entry in load.tables.items()}
        if tables != load.tables:
            log.rewrite(replace(load, tables=tables))


def _counted(connection: duckdb.DuckDBPyConnection, log: LandingLog, table: str, entry: TableEntry, wanted: dict[Any, Any]) -> TableEntry:
    parts = {
        part: {**position, **wanted.pop((table, part), {})} if position is not None else None for part, position in entry.parts.items()
    }
    if not entry.files or table == ADJUSTMENTS:
        return replace(entry, parts=parts)
    relation = parquet([str(log.root / file) for file in entry.files])
    query = f"SELECT count(*) FILTER (NOT _is_deleted), count(*) FILTER (_is_deleted) FROM {relation}"
    rows, tombstones = connection.execute(query).fetchall()[0]
    return replace(entry, parts=parts, rows=rows, tombstones=tombstones)
