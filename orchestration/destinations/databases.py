"""The few things that are asked of a database, whichever it is.

Comes in: statements. Goes out: rows. An error carries its class only: a database's own words quote values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from types import MappingProxyType
from typing import Any, TypeVar

from orchestration.destinations.base import safe_code
from orchestration.destinations.databases_errors import BadValueError, DatabaseError, InDoubtError, OutOfReachError, is_of_a_value
from orchestration.sql_text import identifier

Told = TypeVar("Told")


def without_secrets(url: str) -> str:
    """A URL without user, password and options."""
    return re.sub(r"//[^/]*@", "//", url).partition("?")[0]


class Database:
    """A connection that is made when it is first used, and each call a transaction."""

    address = ""
    made_as = ""  # what is said of a table when it is made
    declared: Mapping[str, str] = MappingProxyType({})  # types that it calls otherwise than the standard does
    declared_key = "TEXT"  # the type of what identifies a row
    _connection: Any = None

    def upsert(self, table: str, names: Sequence[str]) -> str:
        """The statement that writes a row of these columns, or changes the one that is there by the first of them."""
        changes = ", ".join(f"{name} = excluded.{name}" for name in map(identifier, names[1:]))
        return f"{self.insert(table, names)} ON CONFLICT ({identifier(names[0])}) DO UPDATE SET {changes}"

    def insert(self, table: str, names: Sequence[str]) -> str:
        """The statement that writes a row."""
        marks = ", ".join(self.mark(number) for number in range(1, len(names) + 1))
        return f"INSERT INTO {table} ({', '.join(map(identifier, names))}) VALUES ({marks})"

    def connect(self) -> Any:
        """A connection of DB-API 2.0."""
        raise NotImplementedError

    def mark(self, number: int) -> str:
        """The placeholder of the value at `number`."""
        raise NotImplementedError

    def rows_to_bind(self, rows: Sequence[Sequence[Any]], columns: Mapping[str, str]) -> Any:
        """The rows as the driver takes them."""
        return rows

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
            with suppress(Exception):  # else the server keeps what it had written locked for as long as it takes to notice
                self._connection.close()
            self._connection = None
            raise OutOfReachError(safe_code(type(error).__name__)) from None
