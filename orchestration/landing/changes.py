"""What of a changed part is new, and what has vanished: a comparison of multisets of row hashes, in DuckDB.

Comes in: the parts read tonight and the Parquet files landed before. Goes out: the Parquet to land.

    held by a part now  =  rows landed from it  −  tombstones  +  adjustments

Of a part that is read in full all of its rows are compared, of one that tells what changed those that share a key with it (partial.py).
A row that is in the parts read tonight more often than they held it is landed. What becomes of one that they hold less often is told in
removals.py: a tombstone, or nothing. What is neither landed nor a tombstone (a replaced version, a row that moved between files) is
booked in `row_adjustments`, so that the equation above always holds.
Hashes have 64 bits: among 100 million rows, one in about 4,000 such tables has two rows that look alike to this comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.contract import Table
from orchestration.landing import removals
from orchestration.landing.believing import is_believed, removed, take_back
from orchestration.landing.partial import narrow
from orchestration.landing.written import adjustments, changed_rows, listed, one_file, parquet
from orchestration.sources.base import Batch, Bench
from orchestration.sql_text import literal


@dataclass(frozen=True)
class Changes:
    """Parquet to land for one table, and what it means.

    refused  rows that vanished and were kept; vanished: those of which that is believed, though only a full reading lacks them
    gained   part → by how many rows it holds more (or, negative, fewer) than before; parts that hold as many left out
    """

    data: tuple[Path, ...] = ()
    adjustments: Path | None = None
    rows: int = 0
    tombstones: int = 0
    refused: int = 0
    vanished: int = 0
    gained: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Before:
    """What is known of a table before tonight.

    landed    its Parquet files so far; adjusted: those of `row_adjustments`
    held      rows that all of its parts held after the last load
    most      share of them that may vanish in one night; None: the operator has said that all may
    """

    landed: Sequence[str]
    adjusted: Sequence[str] = ()
    held: int = 0
    most: float | None = 0.5


def first_landing(batches: Sequence[Batch], bench: Bench, table: Table) -> Changes:
    """The changes when nothing was landed from these parts before: all of their rows, as they were read."""
    filled = [batch for batch in batches if batch.rows and batch.data]
    paths = tuple(batch.data for batch in filled if batch.data)
    if len({batch.unknown_columns for batch in filled}) > 1:
        paths = (one_file(paths, bench, table),)
    return Changes(paths, rows=sum(batch.rows for batch in filled), gained={batch.part: batch.rows for batch in filled})


def compared(table: Table, batches: Sequence[Batch], before: Before, bench: Bench) -> Changes:
    """The changes between what was landed before and the parts read tonight.

    batches  every part of the table, in the order in which later ones outrank earlier ones; changed and gone ones are compared
    """
    run = bench.connection.execute
    _prepare(table, batches, before, bench)
    for step in (_DIFFERING, _DELTA, _LAND, _VANISHED):
        run(step)
    for step in removals.steps(table) if _count("vanished", bench) else removals.NOTHING_VANISHED:
        run(step)
    gone = removed(bench)
    refused = 0 if is_believed(gone, before.held, before.most) else gone
    if refused:
        take_back(bench)
    run(_RESIDUAL)
    rows, tombstones = _count("land", bench) + _count("again", bench), _count("tombstones", bench)
    data = (changed_rows(table, bench),) if rows or tombstones else ()
    gained = dict(run("SELECT _file, sum(copies)::BIGINT FROM delta GROUP BY 1 HAVING sum(copies) <> 0").fetchall())
    return Changes(data, adjustments(table, bench), rows, tombstones, refused, gone - refused, gained)


def _prepare(table: Table, batches: Sequence[Batch], before: Before, bench: Bench) -> None:
    """The views the comparison reads: landed, incoming, booked (copies a part holds, as entries to be summed), and the parts' order."""
    run = bench.connection.execute
    touched = [batch for batch in batches if batch.status in ("changed", "gone")]
    incoming = [str(batch.data) for batch in touched if batch.data]
    run(f"CREATE OR REPLACE TEMP TABLE part AS SELECT unnest({listed(batch.part for batch in touched)}) AS _file")
    whole = listed(batch.part for batch in touched if batch.complete)
    run(f"CREATE OR REPLACE TEMP TABLE whole AS SELECT unnest({whole}::VARCHAR[]) AS _file")
    parts = listed(batch.part for batch in batches)
    run(f"CREATE OR REPLACE TEMP TABLE places AS SELECT unnest({parts}) AS _file, unnest(range({len(batches)})) AS _place")
    run("CREATE OR REPLACE TEMP TABLE kept (_file VARCHAR, _row_hash UBIGINT)")
    run(f"CREATE OR REPLACE TEMP VIEW landed AS FROM {parquet(before.landed)}")
    run("CREATE OR REPLACE TEMP VIEW located AS FROM " + parquet(before.landed, "filename = '_path', "))
    run("CREATE OR REPLACE TEMP VIEW incoming AS FROM " + (parquet(incoming) if incoming else "landed WHERE false"))
    entries = "SELECT _file, _row_hash, CASE WHEN _is_deleted THEN -1 ELSE 1 END AS copies FROM landed"
    if before.adjusted:
        entries += f" UNION ALL SELECT _file, _row_hash, copies FROM {parquet(before.adjusted)} WHERE table_name = {literal(table.name)}"
    run(f"CREATE OR REPLACE TEMP VIEW booked AS {entries}")
    narrow(table, touched, bench)
    run(f"CREATE OR REPLACE TEMP VIEW entries AS SELECT *, {_PART_ROW} AS part_row FROM ({_MOVES})")


# A part and a hash as one number: grouping by two columns, one of them text, takes three times as long.
_PART_ROW = "xor(hash(_file), _row_hash)"
_MOVES = """SELECT _file, _row_hash, -copies AS copies FROM restated
UNION ALL SELECT _file, _row_hash, 1 FROM incoming"""

_DIFFERING = """CREATE OR REPLACE TEMP TABLE differing AS
SELECT part_row FROM entries GROUP BY part_row HAVING sum(copies) <> 0"""

# How many copies of a row a part has gained (or, negative, lost).
_DELTA = """CREATE OR REPLACE TEMP TABLE delta AS
SELECT _file, _row_hash, sum(copies)::BIGINT AS copies FROM entries WHERE part_row IN (FROM differing)
GROUP BY ALL HAVING sum(copies) <> 0"""

_LAND = """CREATE OR REPLACE TEMP TABLE land AS
WITH gained AS (SELECT _row_hash, sum(copies) AS copies FROM delta GROUP BY 1 HAVING sum(copies) > 0),
chosen AS (
    SELECT _row_number FROM incoming JOIN delta USING (_file, _row_hash) JOIN gained USING (_row_hash) WHERE delta.copies > 0
    QUALIFY row_number() OVER (PARTITION BY _row_hash ORDER BY _row_number DESC) <= gained.copies
)
SELECT * FROM incoming WHERE _row_number IN (FROM chosen)"""

# A row may have been landed from another part than the one that holds it now, so its content is found by hash alone.
_VANISHED = """CREATE OR REPLACE TEMP TABLE vanished AS
WITH lost AS (SELECT _row_hash, -sum(copies) AS copies FROM delta GROUP BY 1 HAVING sum(copies) < 0),
copy AS (SELECT _file, _row_hash, unnest(range(-copies)) AS number FROM delta WHERE copies < 0),
gone AS (
    SELECT _file, _row_hash FROM copy JOIN lost USING (_row_hash)
    QUALIFY row_number() OVER (PARTITION BY _row_hash ORDER BY _file, number) <= lost.copies
),
content AS (
    SELECT * FROM landed WHERE NOT _is_deleted AND _row_hash IN (SELECT _row_hash FROM gone)
    QUALIFY row_number() OVER (PARTITION BY _row_hash ORDER BY _file, _row_number) = 1
)
SELECT content.* REPLACE (gone._file AS _file) FROM content JOIN gone USING (_row_hash)"""

# What landing and tombstones leave open of the equation, per part and hash.
_RESIDUAL = """CREATE OR REPLACE TEMP TABLE residual AS
SELECT _file, _row_hash, sum(copies)::BIGINT AS copies
FROM (
    SELECT _file, _row_hash, copies FROM delta
    UNION ALL SELECT _file, _row_hash, -1 FROM land
    UNION ALL SELECT _file, _row_hash, -1 FROM again
    UNION ALL SELECT _file, _row_hash, 1 FROM tombstones
    UNION ALL SELECT _file, _row_hash, 1 FROM kept
)
GROUP BY ALL HAVING sum(copies) <> 0"""


def _count(relation: str, bench: Bench) -> int:
    row = bench.connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(row[0]) if row else 0
