"""Parts that tell what changed instead of all they hold: which of the rows landed before they speak of.

Comes in: tonight's batches and the views landed, incoming, booked. Goes out: the views `restated` (entries of booked that are compared) and
`standing` (the others). A part that is complete, or gone, speaks of all of its rows; any other of the keys of its rows, and of its scope.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orchestration.contract import Table
from orchestration.landing.written import listed, parquet
from orchestration.sources.base import Batch, Bench
from orchestration.sql_text import identifier, literal


def narrow(table: Table, touched: Sequence[Batch], bench: Bench) -> None:
    """Make the views `restated` and `standing`."""
    partial = [batch for batch in touched if batch.status == "changed" and not batch.complete]
    spoken_of = "_file IN (FROM part)"
    if partial:
        bench.connection.execute(f"CREATE OR REPLACE TEMP TABLE spoken_of AS {_spoken_of(table, partial, bench)}")
        names = f"({', '.join(literal(batch.part) for batch in partial)})"
        spoken_of += f" AND (_file NOT IN {names} OR (_file, _row_hash) IN (SELECT (_file, _row_hash) FROM spoken_of))"
    bench.connection.execute(f"CREATE OR REPLACE TEMP VIEW restated AS FROM booked WHERE {spoken_of}")
    bench.connection.execute(f"CREATE OR REPLACE TEMP VIEW standing AS FROM booked WHERE NOT ({spoken_of})")


def _spoken_of(table: Table, partial: Sequence[Batch], bench: Bench) -> str:
    """SELECT of (part, row hash). A row may have landed from another part than the one that holds it, so it is found by its content."""
    keys = ", ".join(map(identifier, table.key))
    parts = listed(batch.part for batch in partial)
    queries = [f"SELECT DISTINCT told._file, _row_hash FROM {_landed(keys)} JOIN {_told(keys, parts)} USING ({keys})"]
    # A row without a key is nobody's version, and no equation of SQL finds it: it speaks of itself, or it would land again every night.
    keyless = " OR ".join(f"{identifier(column)} IS NULL" for column in table.key)
    queries.append(f"SELECT DISTINCT _file, _row_hash FROM incoming WHERE _file IN (SELECT unnest({parts})) AND ({keyless})")
    queries += [_scoped(batch.part, batch.scope, bench) for batch in partial if batch.scope]
    return " UNION ".join(queries)


def _landed(columns: str) -> str:
    return f"(SELECT _row_hash, {columns} FROM landed WHERE NOT _is_deleted) AS held"


def _told(keys: str, parts: str) -> str:
    return f"(SELECT DISTINCT _file, {keys} FROM incoming WHERE _file IN (SELECT unnest({parts}))) AS told"


def _scoped(part: str, scope: Path, bench: Bench) -> str:
    relation = parquet([str(scope)])
    ((column, *_),) = bench.connection.execute(f"DESCRIBE FROM {relation}").fetchall()
    named = identifier(column)
    # Of an object that is several rows all but the first have something behind its id: `emails:1:C2`, `701:responded`.
    objects = (f"held.{named}", f"left(held.{named}, length(held.{named}) - instr(reverse(held.{named}), ':'))")
    of_part = f"SELECT DISTINCT {literal(part)} AS _file, _row_hash FROM {_landed(named)}"
    return " UNION ".join(f"{of_part} SEMI JOIN {relation} AS scope ON {one} = scope.{named}" for one in objects)
