"""What goes wrong with a database: whose fault it is decides what becomes of a record.

Comes in: a driver's error. Goes out: one of four. It carries its class only: a database's own words quote values.
"""

from __future__ import annotations

import sqlite3

import pyarrow as pa

_OF_VALUES = ("22", "23")  # classes of SQLSTATE


class DatabaseError(Exception):
    """The database refuses a statement."""


class OutOfReachError(DatabaseError):
    """There is no connection."""


class InDoubtError(DatabaseError):
    """Whether the statement was done is not known."""


class BadValueError(DatabaseError):
    """The database refuses a value: another row may be taken. Anything else concerns us and not the row."""


def is_of_a_value(error: Exception) -> bool:
    """Whether an error is of the values: by the classes of SQLSTATE 22 and 23, by SQLite's names, by PyMySQL's classes, or as the driver
    binds them.
    """
    state, name = str(getattr(error, "sqlstate", None) or "")[:2], str(getattr(error, "sqlite_errorname", None) or "")
    if type(error).__module__.startswith("pymysql"):  # of a check constraint MySQL 8 says by its number only
        return state in _OF_VALUES or type(error).__name__ in ("DataError", "IntegrityError") or error.args[:1] == (3819,)
    if state or name:
        return state in _OF_VALUES or name.startswith(("SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_TOOBIG"))
    return isinstance(error, (ValueError, TypeError, OverflowError, sqlite3.InterfaceError, pa.ArrowException))
