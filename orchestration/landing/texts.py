"""Free text that is older than it may be kept: emptied in what has landed, and in what sources hand over before it lands.

Comes in: the landing folder, or the batches of a table, and the first day whose texts are kept. Goes out: the same without older texts.
A row is as old as its event; one that says none, or one of the future, as old as its load. Its hash stays that of the row as the source has
it, so the source's copy of it is still known and does not land anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from orchestration.contract import FREE_TEXT, INPUT_TABLES, Table
from orchestration.landing.finding import opened
from orchestration.landing.log import LandingLog, landed_at, sources
from orchestration.landing.rewriting import one, replace_rows
from orchestration.landing.written import parquet
from orchestration.sources.base import Batch
from orchestration.sql_text import identifier, literal


def first_day_kept(as_of: date, months: int) -> date:
    """The day from which on texts are kept: texts go by whole months, so that a home is rewritten once a month."""
    year, month = divmod(as_of.year * 12 + as_of.month - 1 - months, 12)
    return date(year, month + 1, 1)


def expire_texts(root: Path, first_day: date) -> int:
    """Empty texts of before `first_day` in all landed files; returns how many rows lost theirs. Stopped and run again it goes on."""
    with opened(root) as connection:
        found = list(_overdue(connection, root, first_day))
        for path, table, condition, _ in found:
            replace_rows(connection, path, _emptied(table, parquet([str(path)]), condition))
    return sum(rows for *_, rows in found)


def overdue_texts(root: Path, first_day: date) -> int:
    """How many landed rows have a text of before `first_day`."""
    with opened(root) as connection:
        return sum(rows for *_, rows in _overdue(connection, root, first_day))


def without_old_texts(connection: duckdb.DuckDBPyConnection, table: Table, batches: list[Batch], first_day: date) -> list[Batch]:
    """The batches as they may land: texts of before `first_day` are emptied, in place."""
    for batch in batches if table.name in FREE_TEXT else ():
        if batch.status == "changed" and batch.data and batch.rows:
            relation, condition = parquet([str(batch.data)]), _is_overdue(table, first_day)
            if one(connection, f"SELECT count(*) FROM {relation} WHERE {condition}"):
                target = batch.data.with_suffix(".expired")
                connection.execute(f"COPY ({_emptied(table, relation, condition)}) TO {literal(str(target))} (FORMAT parquet)")
                target.replace(batch.data)
    return batches


def _overdue(connection: duckdb.DuckDBPyConnection, root: Path, first_day: date) -> Iterator[tuple[Path, Table, str, int]]:
    """(landed file, its table, condition of the rows to empty, how many they are)."""
    for log in (LandingLog(root, source) for source in sources(root)):
        for load in log.loads:
            for table in (INPUT_TABLES[name] for name in FREE_TEXT if name in load.tables):
                condition = _is_overdue(table, first_day, landed_at(load.load_id).date())
                for path in (root / file for file in load.tables[table.name].files):
                    if rows := one(connection, f"SELECT count(*) FROM {parquet([str(path)])} WHERE {condition}"):
                        yield path, table, condition, rows


def _is_overdue(table: Table, first_day: date, landed: date | None = None) -> str:
    """SQL that is true for rows whose text is to go; what lands tonight has no load yet, and is not overdue by that."""
    last = f"TIMESTAMP '{landed}'" if landed else "CAST(NULL AS TIMESTAMP)"
    known = f"least({identifier(table.event_time)}, {last})"  # of what is missing the other
    return f"({identifier(FREE_TEXT[table.name])} IS NOT NULL AND coalesce({known} < TIMESTAMP '{first_day}', false))"


def _emptied(table: Table, relation: str, condition: str) -> str:
    column = identifier(FREE_TEXT[table.name])
    return f"SELECT * REPLACE (CASE WHEN NOT {condition} THEN {column} END AS {column}) FROM {relation}"
