"""Logs, run history and whatever else of a home quotes somebody: text is cleared in place, databases too, models that quote are dropped.

Comes in: the home and needles. Goes out: files without them, each replaced in one step. What dlt keeps for a run is removed whole.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from orchestration.home import Home
from orchestration.redaction import INSTEAD, Needles

Note = Callable[[Path, int, int], None]
_SQLITE = b"SQLite format 3\0"


def clear(home: Home, needles: Needles, note: Note) -> list[str]:
    """Clear everything that is neither landing, warehouse, release nor activation's; returns what was dropped whole."""
    dropped = []
    shutil.rmtree(home.state / "dlt", ignore_errors=True)
    for leftover in (home.landing / ".forgetting", home.warehouse.with_name(f"{home.warehouse.name}.tmp")):
        shutil.rmtree(leftover, ignore_errors=True)
    for path in _files(home) if needles.texts else ():
        content = path.read_bytes()
        if not needles.pattern.search(content) and not content.startswith(_SQLITE):
            continue
        if content.startswith(_SQLITE):
            _clear_database(path, needles, note)
        elif home.models in path.parents:
            note(path, 0, 1)
            shutil.rmtree(path.parent)
            dropped.append(path.parent.relative_to(home.root).as_posix())
        else:
            note(path, 0, 1)
            _put(path, needles.pattern.sub(INSTEAD.encode(), content))
    return dropped


def _files(home: Home) -> Iterator[Path]:
    for folder in (home.logs, home.dagster, home.models):
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
    yield from (path for path in sorted(home.state.iterdir()) if path.is_file() and path.suffix in (".json", ".jsonl"))


def _clear_database(path: Path, needles: Needles, note: Note) -> None:
    """Every text of every table; VACUUM, because SQLite keeps what was overwritten in its free pages."""
    connection = sqlite3.connect(path)
    pattern = needles.pattern

    def cleared(value: str | bytes | None) -> str | bytes | None:
        if isinstance(value, str):
            return pattern.sub(INSTEAD.encode(), value.encode()).decode()
        return pattern.sub(INSTEAD.encode(), value) if isinstance(value, bytes) else value

    def quotes(value: str | bytes | None) -> bool:
        text = value.encode() if isinstance(value, str) else value
        return isinstance(text, bytes) and pattern.search(text) is not None

    try:
        connection.create_function("quotes", 1, quotes)
        connection.create_function("cleared", 1, cleared)
        found = [(table, column, rows) for table, column in _columns(connection) if (rows := _quoting(connection, table, column))]
        if not found and not pattern.search(path.read_bytes()):
            return
        note(path, 0, sum(rows for *_, rows in found))
        with connection:
            for table, column, _ in found:
                connection.execute(f'UPDATE "{table}" SET "{column}" = cleared("{column}") WHERE quotes("{column}")')
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _columns(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
    return [(table, row[1]) for table in tables for row in connection.execute(f'PRAGMA table_info("{table}")')]


def _quoting(connection: sqlite3.Connection, table: str, column: str) -> int:
    return int(connection.execute(f'SELECT count(*) FROM "{table}" WHERE quotes("{column}")').fetchone()[0])


def _put(path: Path, content: bytes) -> None:
    waiting = path.with_name(f".{path.name}.clearing")
    handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(waiting, path)
