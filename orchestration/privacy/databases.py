"""The rows of DuckDB, Parquet and SQLite files, decoded and searched.

Comes in: a path and needles. Goes out: the tables that hold one; whether a database still has what was deleted from it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.redaction import Needles
from orchestration.sql_text import identifier, literal

_NO_TEXT = {"BOOLEAN", "DATE", "TIME", "TIMESTAMP", "INTERVAL", "FLOAT", "DOUBLE", "DECIMAL"}
_WHOLE_NUMBERS = {f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")} | {"INTEGER", "UINTEGER"}


class Rows(Protocol):
    """What decodes one kind of file."""

    @staticmethod
    def holding(path: Path, needles: Needles) -> Iterator[str]:
        """The tables in which a needle stands alone."""

    @staticmethod
    def contains(path: Path, text: str) -> bool:
        """Whether a row has `text`, alone or within something longer."""


class DuckDb:
    """A DuckDB file."""

    @staticmethod
    def holding(path: Path, needles: Needles) -> Iterator[str]:
        """The tables in which a needle stands alone."""
        with duckdb.connect(str(path), read_only=True) as connection:
            yield from (table.replace('"', "") for table in _tables(connection) if _holds(connection, table, needles))

    @staticmethod
    def contains(path: Path, text: str) -> bool:
        """Whether a row has `text`, alone or within something longer."""
        with duckdb.connect(str(path), read_only=True) as connection:
            return any(_contains(connection, table, text) for table in _tables(connection))

    @staticmethod
    def has_deleted(path: Path) -> bool:
        """Whether the file has free blocks, or rows that were deleted: both keep what they held, compressed, until they are overwritten."""
        with duckdb.connect(str(path), read_only=True) as connection:
            size = connection.execute("SELECT sum(free_blocks) FROM pragma_database_size()").fetchone()
            return bool(size and size[0]) or any(_stored(connection, table) > _counted(connection, table) for table in _tables(connection))


class Parquet:
    """A Parquet file. Of texts the dictionaries of its pages are searched: a writer may leave words in them that no row uses."""

    @staticmethod
    def holding(path: Path, needles: Needles) -> Iterator[str]:
        """`Parquet` when a needle stands alone in it."""
        words = duckdb.cursor()
        flat = [field.name for field in pq.read_schema(path) if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
        if any(_holds(words.register("words", table), "words", needles) for table in _words(path, flat)) or _holds(
            words, _read(path), needles, skipped=flat
        ):
            yield "Parquet"

    @staticmethod
    def contains(path: Path, text: str) -> bool:
        """Whether a row has `text`, alone or within something longer."""
        return _contains(duckdb.cursor(), _read(path), text)


class Sqlite:
    """An SQLite file."""

    @staticmethod
    def holding(path: Path, needles: Needles) -> Iterator[str]:
        """The tables in which a needle stands alone."""
        return (table for table, rows in _sqlite_rows(path) if needles.are_in(rows))

    @staticmethod
    def contains(path: Path, text: str) -> bool:
        """Whether a row has `text`, alone or within something longer."""
        return any(text.encode() in rows.lower() for _, rows in _sqlite_rows(path))


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
    return [f'"{schema}"."{table}"' for schema, table in rows]


def _holds(connection: duckdb.DuckDBPyConnection, relation: str, needles: Needles, skipped: Sequence[str] = ()) -> bool:
    columns = _texts(connection, relation, skipped, numbers=any(text.isdigit() for text in needles.texts))
    query = f"SELECT 1 FROM {relation} WHERE {needles.among(connection, relation, columns).mentions(columns)} LIMIT 1"
    return bool(columns) and connection.execute(query).fetchone() is not None


def _contains(connection: duckdb.DuckDBPyConnection, relation: str, text: str) -> bool:
    tests = [f"contains(lower({column}), $text)" for column in _texts(connection, relation, (), numbers=text.isdigit())]
    query = f"SELECT 1 FROM {relation} WHERE {' OR '.join(tests) or 'false'} LIMIT 1"
    return connection.execute(query, {"text": text} if tests else {}).fetchone() is not None


def _texts(connection: duckdb.DuckDBPyConnection, relation: str, skipped: Sequence[str], *, numbers: bool) -> list[str]:
    """The columns of `relation` as text, nested ones too; whole numbers only where an id may be one."""
    kinds = _NO_TEXT if numbers else _NO_TEXT | _WHOLE_NUMBERS
    described = [(row[0], row[1].split("(")[0].split(" ")[0]) for row in connection.execute(f"DESCRIBE FROM {relation}").fetchall()]
    return [f"CAST({identifier(name)} AS VARCHAR)" for name, kind in described if kind not in kinds and name not in skipped]


def _read(path: Path) -> str:
    return f"read_parquet({literal(path)}, hive_partitioning = false)"


def _words(path: Path, columns: list[str]) -> Iterator[pa.Table]:
    """The dictionaries of the file's pages, one table a row group."""
    file = pq.ParquetFile(path, read_dictionary=columns)
    for group in range(file.num_row_groups) if columns else ():
        read = file.read_row_group(group, columns)
        words = [chunk.dictionary.cast(pa.large_string()) for column in read.columns for chunk in column.chunks]
        yield pa.table({"word": pa.chunked_array(words, pa.large_string())})


def _stored(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    query = """SELECT coalesce(max(rows), 0) FROM (SELECT sum(count) AS rows FROM pragma_storage_info(?)
        WHERE segment_type <> 'VALIDITY' AND column_path NOT LIKE '%,%' GROUP BY column_id)"""
    row = connection.execute(query, [table.replace('"', "")]).fetchone()
    return int(row[0]) if row else 0


def _counted(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


def _sqlite_rows(path: Path) -> Iterator[tuple[str, bytes]]:
    """(table, the texts of some thousand rows, a line each)."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            rows = connection.execute(f'SELECT * FROM "{table}"')
            while some := rows.fetchmany(5000):
                texts = (value for row in some for value in row if isinstance(value, str | bytes))
                yield table, b"\n".join(value.encode() if isinstance(value, str) else value for value in texts)
