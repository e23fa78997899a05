"""PostgreSQL, read as Arrow: rows never become Python objects.

Comes in: a URL, what is asked. Goes out: record batches as the server sends them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from orchestration.sources.reading.records import text_array
from orchestration.sources.sql.query import FAILED, LOST, UNREACHABLE, Asked, Kind, as_finite, refusal, select
from orchestration.sql_text import literal

# Arrow is handed whole cents of them, and as text they have the sign of a currency.
_MONEY = """SELECT attname::text FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
    WHERE attrelid = {table}::regclass AND typname = 'money'"""
_DIALECT = postgresql.dialect(paramstyle="named")  # the usual one doubles every % of a name


# A line that is dead without anybody saying so is found out within two minutes.
_LIVELY = {"connect_timeout": 15, "keepalives_idle": 60, "keepalives_interval": 15, "keepalives_count": 4}
# Texts of Arrow are UTF-8, and a server that is not asked for it sends them as it keeps them. One of SQL_ASCII does not know what its bytes
# mean, and asked for UTF-8 would refuse those that are none.
_SESSION = """SELECT set_config('client_encoding', CASE current_setting('server_encoding') WHEN 'SQL_ASCII' THEN 'SQL_ASCII'
    ELSE 'UTF8' END, false),
    CASE WHEN current_setting('statement_timeout') = '0' THEN set_config('statement_timeout', '{milliseconds}', false) END"""
_IS_OF_BYTES = "SELECT current_setting('client_encoding') <> 'UTF8'"
_ERROR_AMONG_ROWS = re.compile(r"\]: ERROR: ")  # as against FATAL, which ends the connection


class Postgres:
    """One database, which has so many seconds for a statement and all of its rows, where it sets no other limit itself."""

    def __init__(self, url: str, seconds: float) -> None:
        plain = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)
        lively = "&".join(f"{name}={value}" for name, value in _LIVELY.items() if f"{name}=" not in plain)
        self._url = f"{plain}{'&' if '?' in plain else '?'}{lively}"
        self._session = _SESSION.format(milliseconds=int(seconds * 1000))

    def check(self) -> None:
        """Raise SourceError when the database cannot be reached."""
        with self._cursor("the database") as cursor:
            cursor.execute("SELECT 1")

    def columns(self, table: str) -> list[str]:
        """The columns of a table."""
        with self._cursor(table) as cursor:
            cursor.execute(f"SELECT * FROM {_quoted(table)} WHERE false")
            return list(cursor.fetch_arrow_table().schema.names)

    def count(self, table: str) -> int:
        """How many rows a table has."""
        with self._cursor(table) as cursor:
            cursor.execute(f"SELECT count(*) FROM {_quoted(table)}")
            return int(cursor.fetchone()[0])

    def batches(self, asked: Asked) -> Iterator[pa.RecordBatch]:
        """The rows. What Arrow has no type for (numeric, uuid, json, arrays) comes as text."""
        with self._cursor(asked.table) as cursor:
            cursor.execute(_IS_OF_BYTES)
            is_of_bytes = cursor.fetchone() == (True,)
            cursor.execute(f"SELECT * FROM {_quoted(asked.table)} WHERE false")
            schema = cursor.fetch_arrow_table().schema
            if asked.cursor and asked.cursor not in schema.names:  # one of the system's, such as xmin, has no order
                raise refusal(asked.table, "42703", "")
            cursor.execute(_MONEY.format(table=literal(_quoted(asked.table))))
            money = dict.fromkeys(cursor.fetch_arrow_table().column(0).to_pylist(), "money")
            kinds: Any = {field.name: _kind(field.type) for field in schema} | money
            stamp = _comparable(asked.cursor, schema.field(asked.cursor).type) if asked.cursor else None
            cursor.execute(str(select(asked, kinds, stamp).compile(dialect=_DIALECT)))
            yield from map(_of_text, cursor.fetch_record_batch()) if is_of_bytes else cursor.fetch_record_batch()

    @contextmanager
    def _cursor(self, what: str) -> Iterator[Any]:
        import adbc_driver_manager
        from adbc_driver_postgresql import dbapi

        told = UNREACHABLE
        try:
            with dbapi.connect(self._url) as connection, connection.cursor() as cursor:
                told = ""
                cursor.execute(self._session)
                yield cursor
        except adbc_driver_manager.Error as error:
            # The driver's message may quote values and the address.
            raise refusal(what, error.sqlstate or told, type(error).__name__) from None
        except (OSError, pa.ArrowException) as error:
            # In the middle of the rows Arrow passes the server's words on, and no SQLSTATE.
            raise refusal(what, _state(str(error)), type(error).__name__) from None


def _quoted(table: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in table.rsplit(".", 1))


def _state(said: str) -> str:
    if "statement timeout" in said:
        return "57014"
    return FAILED if _ERROR_AMONG_ROWS.search(said) else LOST


def _of_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch, texts that are no UTF-8 as hexadecimal digits: Parquet with such a text could never be read again."""
    arrays = [column if _is_utf8(column) else text_array(column.cast(pa.binary()).to_pylist()) for column in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _is_utf8(column: pa.Array) -> bool:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _comparable(name: str, kind: pa.DataType) -> sa.ColumnElement[Any]:
    """The cursor as what can be compared here as there; numbers of any length without their fraction, which hides no row."""
    column: sa.ColumnElement[Any] = sa.column(name)
    if _is_plain(kind):
        return as_finite(column) if _kind(kind) == "time" else column
    if getattr(kind, "type_name", "") != "numeric":
        return sa.cast(column, sa.Text)
    # NaN, infinity and what is longer are always read again: they are more than any cursor, and are none themselves.
    return sa.case((sa.func.abs(column) < sa.literal_column(str(1 << 63)), sa.cast(sa.func.floor(column), sa.BigInteger)), else_=None)


def _kind(kind: pa.DataType) -> Kind | None:
    if not _is_plain(kind):
        return "text"
    return "time" if pa.types.is_timestamp(kind) or pa.types.is_date(kind) else None


def _is_plain(kind: pa.DataType) -> bool:
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_timestamp, pa.types.is_date, pa.types.is_string)
    return not isinstance(kind, pa.BaseExtensionType) and any(test(kind) for test in tests)
