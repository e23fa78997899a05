"""What is asked of a database, and what its refusals mean.

Comes in: names of the configuration. Goes out: SELECTs in the dialect of the database, errors of one line without values or credentials.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from orchestration.sources.base import SourceError
from orchestration.sql_text import literal

UNREACHABLE, LOST, FAILED = "08001", "08006", "22000"
_TOO_LONG = (
    "the database stopped the query because it took too long; raise `timeout_minutes` of the source, or what the user of the URL may take"
)
_CUT_OFF = "the connection was lost while rows were read; what had landed stays, the next run reads them"
_OF_ANOTHER_TYPE = "a text is not what its column should hold; where the cursor has another type now, say `mode: full` for one night"
_MEANING = {
    UNREACHABLE: "nobody answers at this address, or the login is refused",
    "42P01": "there is no such table",
    "42703": "a column that the configuration names is not there",
    "42501": "the user of the URL may not read it; grant SELECT",
    "3D000": "there is no such database",
    "28P01": "the password is wrong",
    "28000": "the user may not log in",
    LOST: _CUT_OFF,
    FAILED: "the database cannot work out one of its rows; select them there to see why",
    "22P02": _OF_ANOTHER_TYPE,
    "22007": _OF_ANOTHER_TYPE,
    "57014": _TOO_LONG,
    "57P01": _CUT_OFF,
    "1044": "the user of the URL may not use this database",
    "1045": "the user may not log in, or the password is wrong",
    "1049": "there is no such database",
    "1054": "a column that the configuration names is not there",
    "1142": "the user of the URL may not read it; grant SELECT",
    "1146": "there is no such table",
    "1969": _TOO_LONG,
    "1927": _CUT_OFF,
    "2003": "nobody answers at this address",
    "2006": _CUT_OFF,
    "2013": _CUT_OFF,
    "3024": _TOO_LONG,
    "SQLITE_BUSY": "a program that writes to it has locked the database; the next run reads it",
    "SQLITE_CANTOPEN": "there is no such file, or it may not be opened",
    "SQLITE_CORRUPT": "the file is damaged",
    "SQLITE_ERROR": "there is no such table, or a column that the configuration names is not there",
    "SQLITE_INTERRUPT": _TOO_LONG,
    "SQLITE_NOTADB": "the file is no database of SQLite",
}


Kind = Literal["text", "money", "time"]
_NUMBER = re.compile(r"-?[0-9]+([.][0-9]+)?")
_AS_THEY_ARE: Mapping[str, Kind] = {}


@dataclass(frozen=True)
class Asked:
    """One table as it is to be read.

    columns  column of the contract (or one of your own) → column of the database
    cursor   the database's column that tells changes; `since` what it must be at least, as it stands in the database
    """

    table: str
    columns: Mapping[str, str]
    cursor: str | None = None
    since: str | None = None


def select(
    asked: Asked, kinds: Mapping[str, Kind] = _AS_THEY_ARE, stamp: sa.ColumnElement[Any] | None = None, *, has_bare_numbers: bool = False
) -> sa.Select[Any]:
    """The SELECT; columns of `kinds` as what can be read here, the cursor as `stamp` has it. A row without a cursor may have changed.

    has_bare_numbers  a number is none where it is written as a text
    """
    schema, _, name = asked.table.rpartition(".")
    columns = [_column(source, kinds.get(source)).label(label) for label, source in asked.columns.items()]
    columns += [(sa.column(asked.cursor) if stamp is None else stamp).label("_cursor")] if asked.cursor else []
    query = sa.select(*columns).select_from(sa.table(name, schema=schema or None))
    if asked.cursor and asked.since is not None:
        # As a text of SQL, which nearly every database reads as what the column is.
        is_bare = has_bare_numbers and _NUMBER.fullmatch(asked.since)
        at_least = sa.column(asked.cursor) >= sa.literal_column(asked.since if is_bare else literal(asked.since))
        query = query.where(sa.or_(at_least, sa.column(asked.cursor).is_(None)))
    return query


def is_time(cursor: str) -> bool:
    """Whether a cursor is a time: digits alone are a number."""
    try:
        return not cursor.isdigit() and bool(datetime.fromisoformat(cursor))
    except ValueError:
        return False


def earlier(cursor: str, lag: timedelta) -> str:
    """A cursor some time before, where it is a time; else as it stands.

    It keeps the separator between day and time and has no fraction and no Z, so that it sorts as it should where times are texts.
    """
    if not is_time(cursor):
        return cursor
    time = datetime.fromisoformat(cursor)
    if cursor.endswith("Z"):
        time = time.replace(tzinfo=None)
    return (time - lag).isoformat(sep="T" if "T" in cursor else " ", timespec="seconds")


def refusal(what: str, state: str | None, kind: str) -> SourceError:
    """The error for what a database refuses; `state` is its SQLSTATE, or the number that MySQL has for it."""
    said = _MEANING.get(state or "") or " ".join(filter(None, (kind, state)))
    return SourceError(f"{what} cannot be read: {said}")


def _column(name: str, kind: Kind | None) -> sa.ColumnElement[Any]:
    column: sa.ColumnElement[Any] = sa.column(name)
    match kind:
        case "time":
            return as_finite(column)
        case "money":
            return sa.cast(sa.cast(column, sa.Numeric), sa.Text)
        case "text":
            return sa.cast(column, sa.Text)
    return column


def as_finite(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A time; what lasts for ever has no end, and what always was no beginning."""
    return sa.case((sa.func.isfinite(column), column), else_=None)
