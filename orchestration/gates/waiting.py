"""What waits in quarantine, for people: read from the warehouse's newest state; nothing here writes.

Comes in: the settings. Goes out: rows to show. Raises HomeError while a run is writing to the warehouse, when it is damaged, and
when it was emptied since the last night.
"""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path
from typing import Any

import duckdb

from expectations.masking import told_key
from orchestration import releases
from orchestration.contract import INPUT_TABLES
from orchestration.home import OWNER_ONLY_FILE, Home, HomeError
from orchestration.plain_words import counted, in_plain_words
from orchestration.settings import ConfigurationError, Settings
from orchestration.sql_text import literal

MOST_SHOWN = 200
_BY_TABLE = """
SELECT table_name, count(DISTINCT (source, load_id, row_number)),
    (SELECT string_agg(format('{} {:,}', rule, n), ', ' ORDER BY n DESC, rule) FROM (
        SELECT rule, count(*) AS n FROM ops.quarantined_rows AS same WHERE same.table_name = rows.table_name GROUP BY rule))
FROM ops.quarantined_rows AS rows GROUP BY table_name ORDER BY table_name"""
_BY_RULE = "SELECT source, table_name, rule, count(*) FROM ops.quarantined_rows GROUP BY ALL ORDER BY ALL"
_ROWS = f"""
SELECT source, row_json, rule, reason, first_seen_as_of, count(*) OVER () FROM ops.quarantined_rows
WHERE table_name = ? ORDER BY source, row_key, rule, reason, load_id, row_number LIMIT {MOST_SHOWN}"""
_IS_KNOWN = "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'ops' AND table_name = 'quarantined_rows'"
_WHOLE = """
SELECT source, table_name, load_id, row_number, row_key, rule, column_name, reason, first_seen_as_of, row_json AS row
FROM ops.quarantined_rows {wanted} ORDER BY ALL"""


def by_table(settings: Settings) -> list[str]:
    """One line a table: rows, and how many break each rule (a row may break several)."""
    return [f"{counted(count, 'row')} of {table} ({rules})" for table, count, rules in _asked(settings, _BY_TABLE)]


def by_rule(settings: Settings) -> list[tuple[Any, ...]]:
    """(source, table, rule, rows)."""
    return _asked(settings, _BY_RULE)


def of_table(settings: Settings, table: str) -> tuple[list[tuple[Any, ...]], int]:
    """The first rows of one table as (source, key, rule, reason, first seen), and how many there are in all. Keys as checks tell them: a
    source may know its customers by their addresses, and screens are mailed and kept; an export has them whole.

    Raises ConfigurationError when there is no such input table.
    """
    _known(table)
    rows = _asked(settings, _ROWS, table)
    return [(source, _key(table, row), *told) for source, row, *told, _ in rows], rows[0][-1] if rows else 0


def _key(table: str, row: str) -> str:
    values = json.loads(row)
    return told_key((name, values[name]) for name in INPUT_TABLES[table].key)


def export(settings: Settings, table: str | None, target: Path) -> int:
    """Write the waiting rows of `table`, or of all tables, to `target` with every value that landed; returns how many.

    One row per landed row and rule it breaks, as CSV or JSON Lines by the file's ending, so that it can be mended at its source. It holds
    personal data: only its owner can read it. Raises ConfigurationError for an unknown table, another ending, a folder that is not there.
    """
    if table is not None:
        _known(table)
    forms = {".csv": "FORMAT csv, HEADER", ".jsonl": "FORMAT json"}
    if target.suffix not in forms or not target.parent.is_dir():
        raise ConfigurationError(f"--export {target}: name a file ending in .csv or .jsonl, in a folder that is there")
    unfinished = target.with_name(f".{target.name}.unfinished")  # what was exported before stays until all of this is there
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY_FILE))
    wanted = f"WHERE table_name = {literal(table)}" if table else ""
    query = f"COPY ({_WHOLE.format(wanted=wanted)}) TO {literal(str(unfinished))} ({forms[target.suffix]}, USE_TMP_FILE false)"
    try:
        copied = _asked(settings, query)
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)
    return int(copied[0][0]) if copied else 0


def _known(table: str) -> None:
    if table not in INPUT_TABLES:
        close = difflib.get_close_matches(table.lower(), INPUT_TABLES, 1)
        raise ConfigurationError(f"--table {table}: no input table has this name; " + (f"did you mean {close[0]}?" if close else _names()))


def _names() -> str:
    return f"they are {', '.join(INPUT_TABLES)}"


def _asked(settings: Settings, query: str, *values: str) -> list[tuple[Any, ...]]:
    home = Home(settings.home)
    try:
        with _warehouse(home) as warehouse:
            if warehouse.execute(_IS_KNOWN).fetchone():
                return warehouse.execute(query, list(values)).fetchall()
    except duckdb.Error as error:
        if isinstance(error, duckdb.IOException) and "lock on file" in str(error):
            raise HomeError(f"{home.holder()} is writing to the warehouse; ask again when it has ended") from error
        raise HomeError(in_plain_words(" ".join(str(error).split()))) from error
    if releases.current_id(home.root) is not None:
        raise HomeError("what waits in quarantine is known again after the next night: the warehouse was emptied, as an erasure does")
    return []


def _warehouse(home: Home) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(home.warehouse), read_only=True) if home.warehouse.exists() else duckdb.connect()
