"""Exports that are named after somebody: which of them a source still holds, and those that are gone under another name.

Comes in: the landing folder, the needles of a person. Goes out: files and log entries in which no part is named after them. The name of a
part is how a source knows it again, so only that of a part it has no longer can change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

import duckdb

from orchestration.contract import INPUT_TABLES
from orchestration.landing.log import LandingLog, TableEntry, sources
from orchestration.landing.rewriting import Note, one, replace_rows
from orchestration.landing.tombstones import Tombstones
from orchestration.landing.written import listed, parquet
from orchestration.redaction import INSTEAD, Needles
from orchestration.sql_text import literal


def held_parts(root: Path, needles: Needles) -> Iterator[tuple[str, str]]:
    """(source, part) of what the sources held when they were last read and that is named after the person."""
    for log in (LandingLog(root, source) for source in sources(root)):
        parts = {part for table in INPUT_TABLES for part in log.parts(table)}
        yield from ((log.source, part) for part in sorted(parts) if _is_named_after(part, needles))


def rename_gone(connection: duckdb.DuckDBPyConnection, log: LandingLog, tombstones: Tombstones, needles: Needles, note: Note) -> None:
    """Give parts that are named after the person another name, each one of its own: rows of two parts are never of one."""
    parts = {part for load in log.loads for entry in load.tables.values() for part in entry.parts}
    names = {
        part: f"{INSTEAD} {tombstones.hashed('part', log.source, part)[:12]}" for part in sorted(parts) if _is_named_after(part, needles)
    }
    if not names:
        return
    for path in {path for load in log.loads for table in load.tables for path in log.files(table)}:
        _rename(connection, Path(path), names, note)
    for load in log.loads:
        log.rewrite(replace(load, tables={table: _renamed(entry, names) for table, entry in load.tables.items()}))


def _rename(connection: duckdb.DuckDBPyConnection, path: Path, names: Mapping[str, str], note: Note) -> None:
    relation = parquet([str(path)])
    if rows := one(connection, f"SELECT count(*) FROM {relation} WHERE _file IN {_tuple(names)}"):
        note(path, 0, rows)
        cases = " ".join(f"WHEN {literal(old)} THEN {literal(new)}" for old, new in names.items())
        replace_rows(connection, path, f"SELECT * REPLACE (CASE _file {cases} ELSE _file END AS _file) FROM {relation}")


def _tuple(names: Mapping[str, str]) -> str:
    return f"(SELECT unnest({listed(names)}))"


def _renamed(entry: TableEntry, names: Mapping[str, str]) -> TableEntry:
    return replace(entry, parts={names.get(part, part): at for part, at in entry.parts.items()})


def _is_named_after(part: str, needles: Needles) -> bool:
    """In the name of a file an underscore parts words: C0000012_tickets.csv is of C0000012."""
    spellings = (part, part.replace("_", " "), PurePosixPath(part).stem, PurePosixPath(part).stem.replace("_", " "))
    return any(needles.are_in(spelling.encode()) for spelling in spellings)
