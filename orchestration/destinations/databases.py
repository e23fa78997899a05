"""PostgreSQL and SQLite behind the few things that are asked of a database.

Comes in: a URL, statements. Goes out: rows. An error carries its class only: a database's own words quote values.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from orchestration.destinations.base import DestinationError, safe_code
from orchestration.destinations.databases_errors import BadValueError, DatabaseError, InDoubtError, OutOfReachError, is_of_a_value

_ARROW = {
    "TEXT": pa.string(),
    "DOUBLE PRECISION": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
}
Told = TypeVar("Told")


def opened(name: str, url: str) -> Database:
    """The database at `url`, not connected yet. Raises DestinationError for one that is neither PostgreSQL nor SQLite."""
    kind, _, place = url.partition("://")
    kind = kind.partition("+")[0]
    if kind == "sqlite" and place.startswith("/"):
        return Sqlite(place[1:])
    if kind in ("postgresql", "postgres"):
        return Postgres(f"postgresql://{place}")
    raise DestinationError(f"destination {name}: its url is neither postgresql://… nor sqlite:///…")


class Database:
    """A connection that is made when it is first used, and each call a transaction."""

    address = ""
    _connection: Any = None

    def connect(self) -> Any:
        """A connection of DB-API 2.0."""
        raise NotImplementedError

    def mark(self, number: int) -> str:
        """The placeholder of the value at `number`."""
        raise NotImplementedError

    def rows_to_bind(self, rows: Sequence[Sequence[Any]], columns: Mapping[str, str]) -> Any:
        """The rows as the driver takes them."""
        raise NotImplementedError

    def columns(self, table: str) -> set[str]:
        """Names of a table's columns."""

        def read(cursor: Any) -> set[str]:
            cursor.execute(f"SELECT * FROM {table} WHERE 1 = 0")
            return {one[0] for one in cursor.description}

        return self._tried(read)

    def asked(self, query: str) -> list[Any]:
        """The rows of a query."""

        def read(cursor: Any) -> list[Any]:
            cursor.execute(query)
            return list(cursor.fetchall())

        return self._tried(read)

    def run(self, statement: str) -> None:
        """A statement without rows."""
        self._tried(lambda cursor: cursor.execute(statement))

    def write(self, statement: str, rows: Sequence[Sequence[Any]], columns: Mapping[str, str]) -> None:
        """A statement for each of the rows, all or none."""
        self._tried(lambda cursor: cursor.executemany(statement, self.rows_to_bind(rows, columns)))

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _tried(self, work: Callable[[Any], Told]) -> Told:
        # The drivers' errors have nothing else in common, and their messages quote values: the kind of an error is all that is told.
        try:
            self._connection = self._connection or self.connect()
        except Exception as error:
            raise OutOfReachError(safe_code(type(error).__name__)) from None
        try:
            with closing(self._connection.cursor()) as cursor:
                told = work(cursor)
        except Exception as error:
            self._rolled_back()
            raise (BadValueError if is_of_a_value(error) else DatabaseError)(safe_code(type(error).__name__)) from None
        try:
            self._connection.commit()
        except Exception as error:
            with suppress(OutOfReachError):  # whether it was committed is not known either way
                self._rolled_back()
            raise InDoubtError(safe_code(type(error).__name__)) from None
        return told

    def _rolled_back(self) -> None:
        try:
            self._connection.rollback()
        except Exception as error:
            self._connection = None
            raise OutOfReachError(safe_code(type(error).__name__)) from None


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
        self._url, self.address = url, re.sub(r"//[^/@]*@", "//", url).partition("?")[0]

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
