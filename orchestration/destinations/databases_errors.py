"""What goes wrong with a database: whose fault it is decides what becomes of a record.

Comes in: a driver's error. Goes out: one of four. It carries its class only: a database's own words quote values.
"""

from __future__ import annotations

import sqlite3

import pyarrow as pa


class DatabaseError(Exception):
    """The database refuses a statement."""


class OutOfReachError(DatabaseError):
    """There is no connection."""


class InDoubtError(DatabaseError):
    """Whether the statement was done is not known."""


class BadValueError(DatabaseError):
    """The database refuses a value: another row may be taken. Anything else concerns us and not the row."""


def is_of_a_value(error: Exception) -> bool:
    """Whether an error is of the values: by the classes of SQLSTATE 22 and 23, by SQLite's names, or as the driver binds them."""
    state, name = getattr(error, "sqlstate", None), getattr(error, "sqlite_errorname", None)
    if state or name:
        return str(state or "")[:2] in ("22", "23") or str(name or "").startswith(("SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_TOOBIG"))
    return isinstance(error, (ValueError, TypeError, OverflowError, sqlite3.InterfaceError, pa.ArrowException))
