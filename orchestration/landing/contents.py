"""What landing holds, for whoever reads or counts it: only what was committed, by source and table.

Comes in: the landing folder. Goes out: files, and rows for `ops.source_freshness` and `data_reconciliation`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestration.contract import INPUT_TABLES
from orchestration.landing.log import LandingLog, TableEntry, landed_at, sources


def completed_files(landing_root: Path) -> dict[str, list[tuple[str, str, str]]]:
    """Table → (source, load id, Parquet path) of every committed load, oldest first; other files in landing do not count."""
    listed: dict[str, list[tuple[str, str, str]]] = {table: [] for table in INPUT_TABLES}
    for source in sources(landing_root):
        log = LandingLog(landing_root, source)
        for table, files in listed.items():
            load_of = {
                str(landing_root / path): load.load_id for load in log.loads if table in load.tables for path in load.tables[table].files
            }
            files.extend((source, load_of[path], path) for path in log.files(table))
    return listed


def summary(landing_root: Path) -> list[dict[str, Any]]:
    """One row per source and table that ever landed: loads, rows, tombstones, rows held by the source now, time of the last load."""
    rows = []
    for source in sources(landing_root):
        log = LandingLog(landing_root, source)
        for table in INPUT_TABLES:
            entries = [(load.load_id, load.tables[table]) for load in log.loads if table in load.tables and load.tables[table].files]
            if entries:
                rows.append(_summary(source, table, entries, log))
    return rows


def removed_rows(landing_root: Path) -> dict[str, int]:
    """`source.table` → rows that landed and that the source has no more, of all loads so far; tables without any are left out."""
    return {f"{one['source']}.{one['table']}": one["tombstones"] for one in summary(landing_root) if one["tombstones"]}


def erased_rows(landing_root: Path) -> list[tuple[str, str, int]]:
    """(source, table, rows): what the sources hold of people who were erased, as last read; none of it is landed."""
    logs = [LandingLog(landing_root, source) for source in sources(landing_root)]
    held = [(log.source, table, sum(part.get("erased", 0) for part in log.parts(table).values())) for log in logs for table in INPUT_TABLES]
    return [row for row in held if row[2]]


def _summary(source: str, table: str, entries: list[tuple[str, TableEntry]], log: LandingLog) -> dict[str, Any]:
    return {
        "source": source,
        "table": table,
        "loads": len(entries),
        "rows": sum(entry.rows for _, entry in entries),
        "tombstones": sum(entry.tombstones for _, entry in entries),
        "held_now": sum(position["rows"] for position in log.parts(table).values()),
        "last_landed_at": landed_at(entries[-1][0]),
    }
