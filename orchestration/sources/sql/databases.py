"""Any database that SQLAlchemy has a driver for.

Comes in: a URL, what is asked. Goes out: record batches of text, fetched from a cursor on the server where the driver has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from orchestration.sources.base import SourceError
from orchestration.sources.reading.records import text_array
from orchestration.sources.sql.in_time import LONGER
from orchestration.sources.sql.query import Asked, refusal, select

_ROWS = 20_000
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]")
# What people write → the driver that comes along; a TIMESTAMP is read in the session's zone.
_MYSQL = ("mysql://", "mariadb://")
_BIT, _NO_DAY = 16, "0000-00-00"  # a type of MySQL's protocol; what MySQL writes where there is no day
# Both limits are what a statement and its rows may take, where the server sets no other: the one MySQL's, the other MariaDB's.
_SESSION = """SET time_zone = '+00:00'
    /*!50708 , max_execution_time = IF(@@max_execution_time = 0, {seconds} * 1000, @@max_execution_time) */
    /*M!100101 , max_statement_time = IF(@@max_statement_time = 0, {seconds}, @@max_statement_time) */"""
_STEPS = 100_000  # of SQLite's own between two looks at the clock: some milliseconds


class Database:
    """One database. MySQL, MariaDB and SQLite have so many seconds for a statement and all of its rows; of others it is theirs to say."""

    def __init__(self, url: str, seconds: float) -> None:
        try:
            plain = _with_driver(url)
            self._is_mysql = plain.startswith("mysql+pymysql:")
            told = {"init_command": _SESSION.format(seconds=seconds), "read_timeout": seconds + LONGER} if self._is_mysql else {}
            # To SQLite a number is less than any text, unless the column has a type (one of a view has none), and a time is a text.
            self._is_sqlite = plain.startswith("sqlite")
            self._engine = sa.create_engine(plain, poolclass=sa.pool.NullPool, connect_args=told)
            if self._is_sqlite:
                sa.event.listen(self._engine, "connect", partial(_limited, seconds))
        except (sa.exc.ArgumentError, ValueError):  # the second where the port is no number; it quotes what may be part of a password
            raise SourceError("`url` is no address of a database; write it like postgresql://user:password@host/database") from None
        except (ModuleNotFoundError, sa.exc.NoSuchModuleError) as error:
            raise SourceError(f"no driver for this kind of database is installed ({type(error).__name__}); install it first") from None

    def check(self) -> None:
        """Raise SourceError when the database cannot be reached."""
        with self._connected("the database") as connection:
            connection.execute(sa.text("SELECT 1"))

    def columns(self, table: str) -> list[str]:
        """The columns of a table."""
        nothing = sa.select(sa.text("*")).select_from(_named(table)).where(sa.false())
        with self._connected(table) as connection:
            return list(connection.execute(nothing).keys())

    def count(self, table: str) -> int:
        """How many rows a table has."""
        with self._connected(table) as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(_named(table))).scalar_one())

    def batches(self, asked: Asked) -> Iterator[pa.RecordBatch]:
        """The rows, everything but the cursor as text."""
        with self._connected(asked.table) as connection:
            query = select(_of_whole_days(asked), has_bare_numbers=True) if self._is_sqlite else select(asked)
            result = connection.execution_options(stream_results=True, yield_per=_ROWS).execute(query)
            names, bits = list(result.keys()), self._bits(result)
            for rows in result.partitions(_ROWS):
                columns = dict(zip(names, zip(*rows, strict=True), strict=True))
                told = {name: _told(column, name in bits) if self._is_mysql else column for name, column in columns.items()}
                arrays = [_cursor(column, asked) if name == "_cursor" else text_array(_of_times(column)) for name, column in told.items()]
                yield pa.RecordBatch.from_arrays(arrays, names=names)

    def _bits(self, result: Any) -> frozenset[str]:
        """The columns that are BIT, which the driver hands over as bytes."""
        return frozenset(name for name, kind, *_ in result.cursor.description if self._is_mysql and kind == _BIT)

    @contextmanager
    def _connected(self, what: str) -> Iterator[Any]:
        try:
            with self._opened(what) as connection:
                yield connection
        except sa.exc.SQLAlchemyError as error:
            original = getattr(error, "orig", None)
            # The driver's message may quote values and the address.
            raise refusal(what, _state(original), type(original or error).__name__) from None

    def _opened(self, what: str) -> sa.Connection:
        try:
            return self._engine.connect()
        except TypeError:
            raise SourceError(f"{what} cannot be read: `url` has an option behind its ? that the driver does not know") from None


def _limited(seconds: float, connection: Any, _: Any) -> None:
    """Nobody stops SQLite but who asks it: there is no server, and a view may be worked out for ever."""
    until = monotonic() + seconds
    connection.set_progress_handler(lambda: monotonic() > until, _STEPS)


def _named(table: str) -> sa.TableClause:
    schema, _, name = table.rpartition(".")
    return sa.table(name, schema=schema or None)


def _of_whole_days(asked: Asked) -> Asked:
    """From the beginning of the day: of texts the one with a blank sorts first, whenever it was, and some programs write a T."""
    is_time = asked.since is not None and _TIME.match(asked.since)
    return replace(asked, since=asked.since[:10]) if is_time and asked.since else asked


def _cursor(values: Sequence[Any], asked: Asked) -> pa.Array:
    try:
        return pa.array(values)
    except OverflowError:  # BIGINT UNSIGNED
        return pa.array(values, pa.uint64())
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:  # SQLite lets every row have a type of its own
        what = f"{asked.table} cannot be read by what changed: {asked.cursor} holds numbers and texts, which have no order"
        raise SourceError(f"{what}; name another `cursor`, or none") from error


def _told(values: Sequence[Any], are_bits: bool) -> list[Any]:
    """Values of MySQL as other databases have them: bits as a number, no day as nothing."""
    if are_bits:
        return [value if value is None else int.from_bytes(value) for value in values]
    return [None if isinstance(value, str) and value.startswith(_NO_DAY) else value for value in values]


def _of_times(values: Sequence[Any]) -> Sequence[Any]:
    """The values, stretches of time as MySQL writes its TIME."""
    return [_time(value) if isinstance(value, timedelta) else value for value in values] if timedelta in set(map(type, values)) else values


def _time(value: timedelta) -> str:
    """Hours, which may be more than a day's and below zero, minutes and seconds; what Python writes are days and what is left of one."""
    seconds, rest = divmod(abs(value), timedelta(seconds=1))
    fraction = f".{rest.microseconds:06}" if rest else ""
    return f"{'-' if value < timedelta(0) else ''}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"


def _with_driver(url: str) -> str:
    kind = next((kind for kind in _MYSQL if url.startswith(kind)), None)
    return url if kind is None else f"mysql+pymysql://{url.removeprefix(kind)}"


def _state(original: Any) -> str | None:
    """The number that MySQL's drivers tell, which says more than its SQLSTATE; SQLite's name for it; else the SQLSTATE of the driver."""
    number = next(iter(getattr(original, "args", ())), None)
    return str(number) if isinstance(number, int) else getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None)
