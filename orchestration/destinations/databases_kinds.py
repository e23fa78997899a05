"""PostgreSQL, MySQL (MariaDB too) and SQLite, each with what is its own: its driver, its types, its way to change a row that is there.

Comes in: a URL. Goes out: the database behind it, not connected yet. A driver is imported where there is such a database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from orchestration.destinations.base import DestinationError
from orchestration.destinations.databases import Database, without_secrets
from orchestration.sql_text import identifier

_ARROW = {
    "TEXT": pa.string(),
    "DOUBLE PRECISION": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
}
_PATIENCE = {"connect_timeout": 30, "read_timeout": 120, "write_timeout": 120}  # seconds; the driver would wait for good
# Names in double quotes and texts as the standard has them, and an error where a value does not fit, instead of a part of it.
_MODES = "STRICT_ALL_TABLES,ANSI_QUOTES,NO_BACKSLASH_ESCAPES,NO_ENGINE_SUBSTITUTION"


def opened(name: str, url: str) -> Database:
    """The database at `url`, not connected yet. Raises DestinationError for one of another kind."""
    kind, _, place = url.partition("://")
    kind = kind.partition("+")[0]
    if kind == "sqlite" and place.startswith("/"):
        return Sqlite(place[1:])
    if kind in ("postgresql", "postgres"):
        return Postgres(f"postgresql://{place}")
    if kind in ("mysql", "mariadb"):
        return Mysql(f"mysql://{place}")
    raise DestinationError(f"destination {name}: its url is none of postgresql://…, mysql://…, mariadb://… and sqlite:///…")


class Sqlite(Database):
    """A file."""

    def __init__(self, path: str) -> None:
        self._path, self.address = Path(path), f"sqlite:///{path}"

    def connect(self) -> Any:
        """The file, made for the owner only."""
        self._path.touch(mode=0o600, exist_ok=True)
        return sqlite3.connect(self._path, timeout=30)

    def mark(self, number: int) -> str:
        """By position."""
        return "?"

    def rows_to_bind(self, rows: Sequence[Sequence[Any]], columns: Mapping[str, str]) -> Any:
        """With days and times as text, which is what SQLite compares."""
        return [[one.isoformat() if isinstance(one, date) else one for one in row] for row in rows]


class Postgres(Database):
    """A server."""

    def __init__(self, url: str) -> None:
        self._url, self.address = url, without_secrets(url)

    def connect(self) -> Any:
        """A connection through ADBC."""
        from adbc_driver_postgresql import dbapi  # half a second to import: only where there is a server

        return dbapi.connect(self._url)

    def mark(self, number: int) -> str:
        """Numbered."""
        return f"${number}"

    def rows_to_bind(self, rows: Sequence[Sequence[Any]], columns: Mapping[str, str]) -> Any:
        """As Arrow, which says of a column of NULLs what it is."""
        arrays = [pa.array([row[at] for row in rows], _ARROW[kind]) for at, kind in enumerate(columns.values())]
        return pa.RecordBatch.from_arrays(arrays, list(columns))


class Mysql(Database):
    """A server of MySQL or MariaDB."""

    made_as = " ENGINE InnoDB DEFAULT CHARACTER SET utf8mb4"
    # A TIMESTAMP ends in 2038, is read in the session's zone, and the first of a table changes by itself.
    declared = MappingProxyType({"TIMESTAMP": "DATETIME(6)"})
    # A key has a length, and `Ab` is not `ab`.
    declared_key = "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"

    def __init__(self, url: str) -> None:
        self._url, self.address = url, without_secrets(url)

    def connect(self) -> Any:
        """A connection through PyMySQL; SQLAlchemy reads the URL, its options (`ssl_ca`, `connect_timeout`) among it."""
        from sqlalchemy import make_url
        from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql

        driver: Any = MySQLDialect_pymysql.import_dbapi()
        _, told = MySQLDialect_pymysql(dbapi=driver).create_connect_args(make_url(self._url))
        session = f"SET SESSION sql_mode = '{_MODES}', time_zone = '+00:00'"
        return driver.connect(**{**_PATIENCE, "charset": "utf8mb4", **told, "init_command": session})

    def mark(self, number: int) -> str:
        """By position."""
        return "%s"

    def upsert(self, table: str, names: Sequence[str]) -> str:
        """By the words of MySQL's own."""
        changes = ", ".join(f"{name} = VALUES({name})" for name in map(identifier, names[1:]))
        return f"{self.insert(table, names)} ON DUPLICATE KEY UPDATE {changes}"
