"""What of a changed part is new, and what has vanished: a comparison of multisets of row hashes, in DuckDB.

Comes in: the parts read tonight and the Parquet files landed before. Goes out: the Parquet to land.

    held by a part now  =  rows landed from it  −  tombstones  +  adjustments

A row that is in the parts read tonight more often than they held it is landed. One that they hold less often has vanished: it is
landed once more as a tombstone, unless its key is still there: a newer version, or the same row in another file. What is neither
(a replaced version, a row that moved between files) is booked in `row_adjustments`, so that the equation above always holds.
Hashes have 64 bits: among 100 million rows, one in about 4,000 such tables has two rows that look alike to this comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.contract import Table
from orchestration.sources.base import Batch, Bench
from orchestration.sources.reading.typed import LANDED_COLUMNS, name, quoted

ADJUSTMENTS = "row_adjustments"
# More than this share of a table's rows gone in one night is taken for a broken export, not for deletions.
SUSPICIOUS_SHARE = 0.95


@dataclass(frozen=True)
class Changes:
    """Parquet to land for one table, and what it means; `refused` counts rows that vanished and were kept."""

    data: tuple[Path, ...] = ()
    adjustments: Path | None = None
    rows: int = 0
    tombstones: int = 0
    refused: int = 0


def first_landing(batches: Sequence[Batch], bench: Bench, table: Table) -> Changes:
    """The changes when nothing was landed from these parts before: all of their rows, as they were read."""
    filled = [batch for batch in batches if batch.rows and batch.data]
    paths = tuple(batch.data for batch in filled if batch.data)
    if len({batch.unknown_columns for batch in filled}) > 1:
        paths = (_one_file(paths, bench, table),)
    return Changes(paths, rows=sum(batch.rows for batch in filled))


def compared(
    table: Table, batches: Sequence[Batch], landed: Sequence[str], adjusted: Sequence[str], held_before: int, bench: Bench
) -> Changes:
    """The changes between the parts of `batches` (changed or gone) and what was landed from them.

    landed       the table's Parquet files so far; adjusted: those of `row_adjustments`
    held_before  rows that all parts of the table held after the last load
    """
    _prepare(table, batches, landed, adjusted, bench)
    run = bench.connection.execute
    for step in (_BOOKED, _OLD, _MOVED, _LAND, _VANISHED, _tombstones(table)):
        run(step)
    tombstones = _count("tombstones", bench)
    refused = tombstones if tombstones >= SUSPICIOUS_SHARE * max(held_before, 1) else 0
    if refused:
        run("CREATE OR REPLACE TEMP TABLE tombstones AS SELECT * FROM tombstones WHERE false")
    run(_residual(kept="vanished" if refused else None))
    rows = _count("land", bench)
    data = (_written(table, bench),) if rows or tombstones > refused else ()
    return Changes(data, _written_adjustments(table, bench), rows, tombstones - refused, refused)


def _prepare(table: Table, batches: Sequence[Batch], landed: Sequence[str], adjusted: Sequence[str], bench: Bench) -> None:
    """The views the comparison reads: landed, adjusted, incoming, and the names of the parts at hand."""
    run = bench.connection.execute
    incoming = [str(batch.data) for batch in batches if batch.data]
    run("CREATE OR REPLACE TEMP TABLE part AS SELECT unnest(?::VARCHAR[]) AS _file", [[batch.part for batch in batches]])
    run(f"CREATE OR REPLACE TEMP VIEW landed AS FROM {_parquet(landed)}")
    run(
        f"CREATE OR REPLACE TEMP VIEW incoming AS FROM {_parquet(incoming)}"
        if incoming
        else "CREATE OR REPLACE TEMP VIEW incoming AS FROM landed WHERE false"
    )
    none = "SELECT ''::VARCHAR AS _file, 0::UBIGINT AS _row_hash, 0::BIGINT AS copies WHERE false"
    only = f"SELECT _file, _row_hash, copies FROM {_parquet(adjusted)} WHERE table_name = {quoted(table.name)}"
    run(f"CREATE OR REPLACE TEMP VIEW adjusted AS {only if adjusted else none}")


# Copies of a row that each part holds, as entries to be summed.
_BOOKED = """CREATE OR REPLACE TEMP VIEW booked AS
SELECT _file, _row_hash, CASE WHEN _is_deleted THEN -1 ELSE 1 END AS copies FROM landed
UNION ALL SELECT _file, _row_hash, copies FROM adjusted"""

_OLD = """CREATE OR REPLACE TEMP TABLE old AS
SELECT _file, _row_hash, sum(copies)::BIGINT AS copies FROM booked
WHERE _file IN (FROM part) GROUP BY ALL HAVING sum(copies) > 0"""

# Hashes whose number of copies differs between what the parts held and what they hold.
_MOVED = """CREATE OR REPLACE TEMP TABLE moved AS
SELECT _row_hash, coalesce(o.copies, 0) AS before, coalesce(n.copies, 0) AS now
FROM (SELECT _row_hash, sum(copies) AS copies FROM old GROUP BY 1) AS o
FULL JOIN (SELECT _row_hash, count(*) AS copies FROM incoming GROUP BY 1) AS n USING (_row_hash)
WHERE o.copies IS DISTINCT FROM n.copies"""

_LAND = """CREATE OR REPLACE TEMP TABLE land AS
SELECT incoming.* FROM incoming JOIN moved USING (_row_hash) WHERE now > before
QUALIFY row_number() OVER (PARTITION BY _row_hash ORDER BY _file, _row_number) > before"""

# A row may have been landed from another part than the one that holds it now, so its content is found by hash alone.
_VANISHED = """CREATE OR REPLACE TEMP TABLE vanished AS
WITH held AS (
    SELECT _file, _row_hash, unnest(range(copies)) AS copy FROM old WHERE _row_hash IN (SELECT _row_hash FROM moved WHERE before > now)
),
gone AS (
    SELECT _file, _row_hash FROM held JOIN moved USING (_row_hash)
    QUALIFY row_number() OVER (PARTITION BY _row_hash ORDER BY _file, copy) <= before - now
),
content AS (
    SELECT * FROM landed WHERE NOT _is_deleted AND _row_hash IN (SELECT _row_hash FROM gone)
    QUALIFY row_number() OVER (PARTITION BY _row_hash ORDER BY _file, _row_number) = 1
)
SELECT content.* REPLACE (gone._file AS _file) FROM content JOIN gone USING (_row_hash)"""


def _tombstones(table: Table) -> str:
    """Vanished rows whose whole key is known and is neither in the parts read tonight nor held by any other part."""
    same = {
        side: " AND ".join(f"{side}.{name(key)} = missing.{name(key)}" for key in table.key) for side in ("incoming", "landed", "elsewhere")
    }
    known = " AND ".join(f"{name(key)} IS NOT NULL" for key in table.key)
    keys = ", ".join(name(key) for key in table.key)
    return f"""CREATE OR REPLACE TEMP TABLE tombstones AS
    WITH missing AS (FROM vanished AS missing WHERE {known} AND NOT EXISTS (FROM incoming WHERE {same["incoming"]})),
    versions AS (SELECT DISTINCT {keys}, _row_hash FROM landed WHERE EXISTS (FROM missing WHERE {same["landed"]})),
    holdings AS (
        SELECT _file, _row_hash FROM booked WHERE _file NOT IN (FROM part) AND _row_hash IN (SELECT _row_hash FROM versions)
        GROUP BY ALL HAVING sum(copies) > 0
    ),
    elsewhere AS (FROM versions WHERE _row_hash IN (SELECT _row_hash FROM holdings))
    SELECT * REPLACE (true AS _is_deleted) FROM missing WHERE NOT EXISTS (FROM elsewhere WHERE {same["elsewhere"]})"""


def _residual(kept: str | None) -> str:
    """What landing and tombstones leave open of the equation, per part and hash; rows of `kept` count as still held."""
    terms = [
        "SELECT _file, _row_hash, -copies AS copies FROM old",
        "SELECT _file, _row_hash, count(*) FROM incoming GROUP BY ALL",
        "SELECT _file, _row_hash, -count(*) FROM land GROUP BY ALL",
        "SELECT _file, _row_hash, count(*) FROM tombstones GROUP BY ALL",
    ]
    terms += [f"SELECT _file, _row_hash, count(*) FROM {kept} GROUP BY ALL"] if kept else []
    return f"""CREATE OR REPLACE TEMP TABLE residual AS
    SELECT _file, _row_hash, sum(copies)::BIGINT AS copies FROM ({" UNION ALL ".join(terms)}) GROUP BY ALL HAVING sum(copies) <> 0"""


def _written(table: Table, bench: Bench) -> Path:
    target = bench.scratch / f"{table.name}-changes.parquet"
    kinds = "SELECT * FROM tombstones UNION ALL BY NAME SELECT * FROM land"  # tombstones first: a row that came back outranks them
    query = f"SELECT * REPLACE (row_number() OVER () AS _row_number) FROM ({kinds})"
    bench.connection.execute(f"COPY ({_ordered(query, table, bench)}) TO {quoted(str(target))} (FORMAT parquet)")
    return target


def _written_adjustments(table: Table, bench: Bench) -> Path | None:
    if not _count("residual", bench):
        return None
    target = bench.scratch / f"{ADJUSTMENTS}-{table.name}.parquet"
    query = f"SELECT {quoted(table.name)} AS table_name, _file, _row_hash, copies FROM residual"
    bench.connection.execute(f"COPY ({query}) TO {quoted(str(target))} (FORMAT parquet)")
    return target


def _one_file(paths: Iterable[Path], bench: Bench, table: Table) -> Path:
    """Parts with different unknown columns as one file: all files of a table in a load have the same columns."""
    target = bench.scratch / f"{table.name}-united.parquet"
    query = f"FROM {_parquet([str(path) for path in paths])}"
    bench.connection.execute(f"COPY ({_ordered(query, table, bench)}) TO {quoted(str(target))} (FORMAT parquet)")
    return target


def _ordered(query: str, table: Table, bench: Bench) -> str:
    """`query` with its columns as in every landed file: the contract's, unknown ones, our own."""
    found = [row[0] for row in bench.connection.execute(f"DESCRIBE {query}").fetchall()]
    unknown = sorted(set(found) - set(table.column_names) - set(LANDED_COLUMNS))
    listed = ", ".join(name(column) for column in (*table.column_names, *unknown, *LANDED_COLUMNS))
    return f"SELECT {listed} FROM ({query})"


def _parquet(paths: Sequence[str]) -> str:
    listed = ", ".join(quoted(path) for path in paths)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"


def _count(relation: str, bench: Bench) -> int:
    row = bench.connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(row[0]) if row else 0
