"""Records of an API, already mapped to columns of the contract, as the Parquet of a batch.

Comes in: rows as mappings of column → text, number, truth or nothing, or as Arrow. Goes out: Parquet as landing wants it. They go through
the same typed reading as files do, so a value that cannot be read waits in quarantine instead of stopping the stream. Of rows with one key
the one that changed last counts, of equal ones the one read last: pages that move while they are read hand over some records twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.contract import Table
from orchestration.sources.base import Bench
from orchestration.sources.reading.raw import Opened, Raw
from orchestration.sources.reading.streaming import copied
from orchestration.sources.reading.typed import row_query
from orchestration.sql_text import identifier, literal

Row = Mapping[str, Any]
Record = TypeVar("Record")

# Rows that are Python objects at once, few enough for the processor's cache, and how many such chunks are handed over as one batch:
# 20,000 objects at once took 30 to 40 % longer, and so did twenty batches in the place of one.
_CHUNK, _JOINED = 1_000, 20
_NOTHING = Raw("CAST(NULL AS VARCHAR)")
# Kinds of which what is equal is written alike.
_ALIKE = ({str}, {int}, {type(None)})
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # what no text has but its lines and tabs


@dataclass(frozen=True)
class Written:
    """The rows of one part as Parquet; `data` is None when there are none. `read`: rows before copies of a key were left out."""

    data: Path | None
    rows: int
    read: int


def write_batches(
    table: Table,
    part: str,
    batches: Iterable[pa.RecordBatch],
    extra: Sequence[str],
    target: Path,
    bench: Bench,
    first_row: int,
    gone: tuple[str, Collection[str]] = ("", ()),
) -> Written:
    """Write the rows of `part` to `target`; columns may be of any type.

    extra      columns beyond the contract's that rows may have
    first_row  number of the first row
    gone       a column, and values of it whose rows are left out; asked for once all rows are
    """

    def query(file: Opened) -> str:
        known = {column: file.columns[column] for column in table.column_names if column in file.columns}
        unknown = {column: file.columns.get(column, _NOTHING) for column in extra}
        return row_query(table, file, known, unknown, part, first_row, zone(bench))

    read = copied(iter(batches), query, target, bench)
    if not read:
        return Written(None, 0, 0)
    kept = f"FROM read_parquet({literal(str(target))}, hive_partitioning = false)"
    narrowed = kept
    if _has_copies(table, target, bench):  # nearly never: looking first costs a fifth of ranking all rows
        narrowed += f" QUALIFY {_is_newest(table)}"
    if gone[1]:
        narrowed = f"FROM ({narrowed}) WHERE coalesce({identifier(gone[0])} NOT IN ({', '.join(map(literal, gone[1]))}), true)"
    return Written(target, read if narrowed == kept else _replaced(target, narrowed, bench), read)


def write_scope(column: str, values: Iterable[str], target: Path) -> Path | None:
    """Write what a batch speaks of, in one column; None when that is nothing."""
    told = sorted(set(values))
    if not told:
        return None
    pq.write_table(pa.Table.from_arrays([text_array(told)], names=[column]), target)
    return target


def zone(bench: Bench) -> str:
    """The zone of times that are written without one."""
    row = bench.connection.execute("SELECT current_setting('TimeZone')").fetchone()
    return str(row[0]) if row else "UTC"


def _replaced(target: Path, query: str, bench: Bench) -> int:
    """Put the rows of `query` in the place of `target`; how many there are."""
    other = target.with_suffix(".other")
    counted = bench.connection.execute(f"COPY ({query}) TO {literal(str(other))} (FORMAT parquet)").fetchone()
    other.replace(target)
    return int(counted[0]) if counted else 0


def _has_copies(table: Table, target: Path, bench: Bench) -> bool:
    hashed = f"hash({', '.join(identifier(column) for column in table.key)})"
    query = f"SELECT count(*) > count(DISTINCT {hashed}) FROM read_parquet({literal(str(target))})"
    found = bench.connection.execute(query).fetchone()
    return bool(found and found[0])


def _is_newest(table: Table) -> str:
    """SQL that is true for the row of a key that counts. Rows without a key are nobody's versions: all of them wait in quarantine."""
    key = ", ".join(identifier(column) for column in table.key)
    known = " AND ".join(f"{identifier(column)} IS NOT NULL" for column in table.key)
    order = f"{identifier(table.updated_at)} DESC NULLS LAST, _row_number DESC" if table.updated_at else "_row_number DESC"
    return f"NOT ({known}) OR row_number() OVER (PARTITION BY {key} ORDER BY {order}) = 1"


def as_batches(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Rows as columns of text."""
    return joined(_columns(chunk, columns) for chunk in in_lists(rows))


def in_lists(records: Iterable[Record]) -> Iterator[list[Record]]:
    """The records, as many at once as are best mapped together."""
    source = iter(records)
    return iter(lambda: list(islice(source, _CHUNK)), [])


def joined(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches that are worth handing over."""
    while some := list(islice(batches, _JOINED)):
        yield pa.concat_batches(some)


def _columns(rows: Sequence[Row], columns: Sequence[str]) -> pa.RecordBatch:
    told = set().union(*rows)  # of a contract's columns a vendor tells some, which is known for a tenth of what it takes to look
    return pa.RecordBatch.from_arrays(
        [_column(rows, column) if column in told else pa.nulls(len(rows), pa.string()) for column in columns], names=list(columns)
    )


def _column(rows: Sequence[Row], name: str) -> pa.Array:
    try:
        return text_array(list(map(itemgetter(name), rows)))
    except KeyError:  # some rows leave it out
        return text_array([row.get(name) for row in rows])


def text_array(values: Sequence[Any]) -> pa.Array:
    """Values of any kind as text."""
    kinds = set(map(type, values))
    if kinds in _ALIKE and values[0] == values[-1] and values.count(values[0]) == len(values):  # the survey, its scale, what nobody said
        return pa.repeat(_texts(values[:1], kinds)[0], len(values))
    return _texts(values, kinds)


def _texts(values: Sequence[Any], kinds: set[type]) -> pa.Array:
    kinds = kinds - {type(None)}
    if kinds == {int}:
        with suppress(OverflowError):  # more than 64 bits
            return pa.array(values, pa.int64()).cast(pa.string())
    if kinds == {float}:
        values = [None if value is None else str(value) for value in values]
    elif not kinds <= {str}:
        values = [_text(value) for value in values]
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:  # JSON may hold half of a surrogate pair, which no text can
        return pa.array([value and value.encode("utf-8", "replace").decode("utf-8") for value in values], pa.string())


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return _of_bytes(value) if isinstance(value, bytes) else str(value)


def _of_bytes(value: bytes) -> str:
    """Text, else digits: with its odd bytes replaced, or those left out that nobody sees, one id would be like another."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return value.hex() if _UNSEEN.search(text) else text
