"""Logs, run history and whatever else of a home quotes somebody: text is cleared in place, databases too, models that quote are dropped.

Comes in: the home and needles. Goes out: files without them, each replaced in one step. What interrupted work has left behind is removed
whole, as is what dlt keeps for a run.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb

from orchestration.home import Home
from orchestration.privacy import searching
from orchestration.privacy.databases import DuckDb, Sqlite
from orchestration.privacy.journal import SUFFIX
from orchestration.redaction import Needles
from orchestration.releases import clean_leftovers
from orchestration.sql_text import literal

Note = Callable[[Path, int, int], None]


def clear(home: Home, needles: Needles, note: Note) -> list[str]:
    """Clear everything that is neither landing, warehouse nor release; returns what was dropped whole."""
    dropped = []
    clean_leftovers(home.root)
    for folder in (home.state / "dlt", home.landing / ".forgetting", *home.root.rglob("*.tmp"), *home.root.rglob("*.spill")):
        shutil.rmtree(folder, ignore_errors=True)
    for path in _files(home):
        decoder = searching.rows_of(path)
        if decoder is Sqlite:
            _clear_database(path, needles, note)
        elif decoder is DuckDb:
            _compact(path, note)
        elif any(searching.places(path, needles)):
            note(path, 0, 1)
            dropped += _cleared(path, home, needles)
    return dropped


def _files(home: Home) -> Iterator[Path]:
    """What other steps have not rewritten; told while it is cleared, for opening a database may end its journal."""
    for path in sorted(home.root.rglob("*")):
        rewritten = home.landing in path.parents or home.releases in path.parents or path == home.warehouse
        if path.is_file() and not path.is_symlink() and not rewritten and not path.name.endswith(SUFFIX):
            yield path


def _cleared(path: Path, home: Home, needles: Needles) -> list[str]:
    """Clear a text; drop what cannot be cleared: an archive, and the whole model of which a file quotes somebody."""
    if home.models in path.parents:
        shutil.rmtree(path.parent)
        return [path.parent.relative_to(home.root).as_posix()]
    if any(searching.packed(path, needles)) or path.suffix == ".wal":
        path.unlink()
        return [path.relative_to(home.root).as_posix()]
    _put(path, needles.cleared(path.read_bytes()))
    return []


def _compact(path: Path, note: Note) -> None:
    """A copy of a DuckDB file that has freed blocks or deleted rows: they keep what they held."""
    if not DuckDb.has_deleted(path):
        return
    waiting = path.with_name(f".{path.name}.clearing")
    waiting.unlink(missing_ok=True)
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute(f"ATTACH {literal(path)} AS old (READ_ONLY); ATTACH {literal(waiting)} AS new")
        connection.execute("COPY FROM DATABASE old TO new; DETACH new; DETACH old")
    waiting.chmod(0o600)
    note(path, 0, 0)
    os.replace(waiting, path)


def _clear_database(path: Path, needles: Needles, note: Note) -> None:
    """Every text of every table; VACUUM, because SQLite keeps what was overwritten in its free pages."""
    places = set(searching.places(path, needles))
    if not places:
        return
    with closing(sqlite3.connect(path)) as connection:
        columns = [(table, column) for table, column in _columns(connection) if table in places]
        found = [(table, column, texts) for table, column in columns if (texts := _quoting(connection, table, column, needles))]
        note(path, 0, sum(len(texts) for *_, texts in found))
        with connection:
            for table, column, texts in found:
                cleared = ((_text_without(text, needles), row) for row, text in texts.items())
                connection.executemany(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', cleared)
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _columns(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
    return [(table, row[1]) for table in tables for row in connection.execute(f'PRAGMA table_info("{table}")')]


def _quoting(connection: sqlite3.Connection, table: str, column: str, needles: Needles) -> dict[int, str | bytes]:
    """Row → its text, of rows that quote one. A thousand are asked at once: asking of each alone takes ten times as long."""
    found: dict[int, str | bytes] = {}
    asked = connection.execute(f"""SELECT rowid, "{column}" FROM "{table}" WHERE typeof("{column}") IN ('text', 'blob')""")
    while rows := asked.fetchmany(1000):
        if needles.are_in(b"\n".join(_bytes(text) for _, text in rows)):
            found |= {row: text for row, text in rows if needles.are_in(_bytes(text))}
    return found


def _text_without(text: str | bytes, needles: Needles) -> str | bytes:
    cleared = needles.cleared(_bytes(text))
    return cleared.decode() if isinstance(text, str) else cleared


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _put(path: Path, content: bytes) -> None:
    waiting = path.with_name(f".{path.name}.clearing")
    handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(waiting, path)
