"""Landed files without somebody, each replaced in one step: rows that leave, records that are emptied, mentions that are cleared.

Comes in: a file or the log of a source, and conditions in SQL. Goes out: the file rewritten, told of before it is replaced.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import duckdb

from orchestration.contract import Table
from orchestration.landing.contacts import NOTHING, OTHER_HASH, Emptying, emptying
from orchestration.landing.log import LandingLog
from orchestration.landing.tombstones import Tombstones
from orchestration.landing.written import ADJUSTMENTS, parquet
from orchestration.redaction import Needles
from orchestration.sql_text import identifier, literal

# Called before a file is replaced: its path, rows that leave it, rows of others in which the person is mentioned.
Note = Callable[[Path, int, int], None]


def drop_adjustments(connection: duckdb.DuckDBPyConnection, log: LandingLog, table: Table, condition: str, note: Note) -> None:
    """First, for the hashes of the rows that leave are told from those rows."""
    hashes = f"SELECT _row_hash FROM {parquet(log.files(table.name))} WHERE {condition}"
    mine = f"(table_name = {literal(table.name)} AND _row_hash IN ({hashes}))"
    for path in log.files(ADJUSTMENTS):
        if rows := one(connection, f"SELECT count(*) FROM {parquet([path])} WHERE {mine}"):
            note(Path(path), rows, 0)
            replace_rows(connection, Path(path), f"SELECT * FROM {parquet([path])} WHERE NOT {mine}")


def emptying_of(connection: duckdb.DuckDBPyConnection, tombstones: Tombstones, log: LandingLog, table: Table, path: str) -> Emptying:
    """What is to be emptied of a landed file."""
    if table.name != "crm_customers":
        return NOTHING
    columns = [column for column, *_ in connection.execute(f"DESCRIBE FROM {parquet([path])}").fetchall()]
    return emptying(connection, tombstones, parquet([path]), table, log.source, columns)


def rehash_adjustments(connection: duckdb.DuckDBPyConnection, tombstones: Tombstones, log: LandingLog, table: Table, note: Note) -> None:
    """What is booked of rows that will be emptied goes on to be booked of them; first, for their hashes are told from those rows."""
    emptied = {path: emptying_of(connection, tombstones, log, table, path) for path in log.files(table.name)}
    hashes = " UNION ALL ".join(f"SELECT _row_hash FROM {parquet([path])} WHERE {one.wanted}" for path, one in emptied.items())
    mine = f"(table_name = {literal(table.name)} AND _row_hash IN ({hashes}))"
    for path in log.files(ADJUSTMENTS):
        if rows := one(connection, f"SELECT count(*) FROM {parquet([path])} WHERE {mine}"):
            note(Path(path), 0, rows)
            rehashed = f"CASE WHEN {mine} THEN {OTHER_HASH} ELSE _row_hash END AS _row_hash"
            replace_rows(connection, Path(path), f"SELECT * REPLACE ({rehashed}) FROM {parquet([path])}")


def rewrite(connection: duckdb.DuckDBPyConnection, path: Path, condition: str, needles: Needles, note: Note, emptied: Emptying) -> None:
    """Take the rows that `condition` is true for out of a file, empty others, and clear what is left of mentions."""
    relation = parquet([str(path)])
    if rows := one(connection, f"SELECT count(*) FROM {relation} WHERE {emptied.wanted}"):
        note(path, 0, rows)
        replace_rows(connection, path, f"SELECT * REPLACE ({', '.join(emptied.replacements())}) FROM {relation}")
    columns = {column: kind for column, kind, *_ in connection.execute(f"DESCRIBE FROM {relation}").fetchall()}
    texts = [column for column, kind in columns.items() if kind == "VARCHAR" and column != "_file"]
    needles = needles.among(connection, f"(FROM {relation} WHERE NOT {condition})", list(map(identifier, texts)))
    mentioned = f"NOT {condition} AND {needles.mentions(list(map(identifier, texts)))}"
    counted = connection.execute(f"SELECT count(*) FILTER ({condition}), count(*) FILTER ({mentioned}) FROM {relation}").fetchone()
    if counted is None or counted == (0, 0):
        return
    note(path, *counted)
    # The hash of a row in which somebody is no longer mentioned stays: the source still has that row as it was, and it must not land again.
    cleared = ", ".join(f"{needles.without(identifier(column))} AS {identifier(column)}" for column in texts) if counted[1] else ""
    replace_rows(connection, path, f"SELECT * {f'REPLACE ({cleared})' if cleared else ''} FROM {relation} WHERE NOT {condition}")


def replace_rows(connection: duckdb.DuckDBPyConnection, path: Path, query: str) -> None:
    """Put the rows of `query` in the place of a landed file, in one step."""
    waiting = path.with_name(f".{path.name}.forgetting")
    connection.execute(f"COPY ({query}) TO {literal(str(waiting))} (FORMAT parquet)")
    waiting.chmod(0o600)
    handle = os.open(waiting, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
    os.replace(waiting, path)


def one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    """A count."""
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
