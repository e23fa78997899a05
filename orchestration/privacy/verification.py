"""Whether a home still holds somebody: every file of it is searched, tables decoded and as bytes.

Comes in: the home and needles. Goes out: a line for each file that holds one. Left out are the journal of an erasure under way, which names
the person by purpose, and the states of destinations that have still to be told to forget them: those are named by `orders`.
A needle that is part of a longer identifier of somebody else (C12 in C123) cannot be told from it in bytes, so there tables alone speak.
"""

from __future__ import annotations

import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import duckdb

from orchestration.home import Home
from orchestration.privacy.journal import SUFFIX
from orchestration.redaction import Needles

_SQLITE = b"SQLite format 3\0"
_DATABASE, _PARQUET = b"DUCK", b"PAR1"


def found(home: Home, needles: Needles, waiting: tuple[str, ...] = ()) -> list[str]:
    """Files below the home that hold a needle, each with the tables or the kind of place; empty when there is none.

    waiting  destinations whose state names the person until they have confirmed
    """
    if not needles.texts:
        return []
    hits: list[str] = []
    for path in _files(home, waiting):
        places = sorted(set(_places(path, needles)))
        if places:
            hits.append(f"{path.relative_to(home.root)} ({', '.join(places)})")
    return hits


def _files(home: Home, waiting: tuple[str, ...]) -> Iterator[Path]:
    for path in sorted(home.root.rglob("*")):
        exempt = path.name.endswith(SUFFIX) or (path.parent.name == "activation" and path.stem in waiting)
        if path.is_file() and not path.is_symlink() and not exempt:
            yield path


def _places(path: Path, needles: Needles) -> Iterator[str]:
    content = path.read_bytes()
    if content[8:12] == _DATABASE:
        yield from _tables(path, needles)
        yield from _bytes(path, content, needles)
    elif content[:4] == _PARQUET:
        if _holds(duckdb.connect(), f"read_parquet('{_escaped(path)}')", needles):
            yield "Parquet"
    else:
        if content.startswith(_SQLITE):
            yield from _rows(path, needles)
        if needles.pattern.search(content):
            yield "text"
        yield from _packed(path, content, needles)


def _tables(path: Path, needles: Needles) -> Iterator[str]:
    with duckdb.connect(str(path), read_only=True) as connection:
        yield from (table.replace('"', "") for table in _names(connection) if _holds(connection, table, needles))


def _holds(connection: duckdb.DuckDBPyConnection, relation: str, needles: Needles) -> bool:
    """Whether any column, nested ones as text, holds a needle that stands alone."""
    return (
        connection.execute(f"SELECT 1 FROM {relation} WHERE {needles.mentions(_texts(connection, relation))} LIMIT 1").fetchone()
        is not None
    )


def _bytes(path: Path, content: bytes, needles: Needles) -> Iterator[str]:
    """Free blocks of a DuckDB file. Nothing parts one text from the next there, so what is part of a longer text of a table is no hit."""
    lowered = content.lower()
    for text in (text for text in needles.texts if text.encode() in lowered):
        with duckdb.connect(str(path), read_only=True) as connection:
            if not any(_contains(connection, table, text) for table in _names(connection)):
                yield "bytes of the file"


def _contains(connection: duckdb.DuckDBPyConnection, relation: str, text: str) -> bool:
    tests = [f"contains(lower({column}), $text)" for column in _texts(connection, relation)]
    query = f"SELECT 1 FROM {relation} WHERE {' OR '.join(tests) or 'false'} LIMIT 1"
    return connection.execute(query, {"text": text} if tests else {}).fetchone() is not None


def _names(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
    return [f'"{schema}"."{table}"' for schema, table in rows]


def _texts(connection: duckdb.DuckDBPyConnection, relation: str) -> list[str]:
    described = connection.execute(f"DESCRIBE FROM {relation}").fetchall()
    return [f'CAST("{name}" AS VARCHAR)' for name, kind, *_ in described if "VARCHAR" in kind or "BLOB" in kind]


def _rows(path: Path, needles: Needles) -> Iterator[str]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                if any(needles.pattern.search(_as_bytes(value)) for value in row if isinstance(value, str | bytes)):
                    yield table
                    break
    finally:
        connection.close()


def _packed(path: Path, content: bytes, needles: Needles) -> Iterator[str]:
    """Models and other archives, unpacked."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (name for name in archive.namelist() if needles.pattern.search(archive.read(name)))
    elif content[:2] in (b"\x78\x9c", b"\x78\xda") and needles.pattern.search(zlib.decompress(content)):
        yield "compressed"


def _as_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
