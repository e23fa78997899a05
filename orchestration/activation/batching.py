"""The plan cut into batches that keep to a destination's limits.

Comes in: the temporary table `plan`. Goes out: batches in sending order, and what is too large to be sent at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import duckdb
import orjson

from orchestration.activation.report import BATCH_OVERHEAD, RECORD_OVERHEAD, SyncReport
from orchestration.destinations.base import Batch, Outcome, Record, Result
from orchestration.destinations.limits import Limits

_AT_ONCE = 20_000  # rows fetched: asking for each small batch by itself costs more than sending it


class Row(NamedTuple):
    """One record of the plan, in the order of the query's columns."""

    external_id: str
    operation: str
    size: int
    email: str
    remote_id: str
    moved: bool
    stays_gone: bool
    payload_hash: str
    version: int
    fields: str


# Not sorted: the plan lies in the order of its numbers, and is read as it lies.
_QUERY = f"SELECT {', '.join(Row._fields)} FROM plan WHERE number BETWEEN ? AND ?"


class Cut(NamedTuple):
    """The records `first` to `last` of the plan: those to be sent, and the outcomes of those that are too large for it."""

    first: int
    last: int
    batch: Batch
    too_large: list[Outcome]


def batches(connection: duckdb.DuckDBPyConnection, limits: Limits, report: SyncReport) -> Iterator[Cut]:
    """The plan, cut to the limits."""
    rows: list[Row] = []
    first, fetched = 1, 0
    while True:
        if len(rows) < limits.max_records:
            more = _fetched(connection, fetched + 1, fetched + max(_AT_ONCE, limits.max_records))
            rows, fetched = rows + more, fetched + len(more)
        if not rows:
            return
        count = _fitting(rows[: limits.max_records], limits)
        taken, rows = rows[:count], rows[count:]
        large = [Outcome(row.external_id, Result.REJECTED, "too_large") for row in taken if row.size > limits.max_record_bytes]
        sent = [row for row in taken if row.size <= limits.max_record_bytes] if large else taken
        yield Cut(first, first + count - 1, _batch(sent, report), large)
        first += count


def _fetched(connection: duckdb.DuckDBPyConnection, first: int, last: int) -> list[Row]:
    """Rows of the plan, fetched column by column: one by one takes DuckDB's client more than twice as long."""
    columns = connection.execute(_QUERY, [first, last]).fetchnumpy().values()
    return list(map(Row._make, zip(*(column.tolist() for column in columns), strict=True)))


def _fitting(rows: Sequence[Row], limits: Limits) -> int:
    """How many of `rows` one call carries, at least one; those too large to be sent take no room."""
    room, count = limits.max_bytes - BATCH_OVERHEAD, 0
    for row in rows:
        room -= row.size + RECORD_OVERHEAD if row.size <= limits.max_record_bytes else 0
        if room < 0 and count:
            break
        count += 1
    return count


def _batch(rows: Sequence[Row], report: SyncReport) -> Batch:
    columns = list(zip(*rows, strict=True)) or [()] * len(Row._fields)
    external_ids, operations, sizes, emails, remote_ids, moved, gone, hashes, versions, texts = columns
    fields = orjson.loads(f"[{','.join(texts)}]")  # reading them all at once takes a third of the time
    records = list(map(Record, external_ids, operations, fields, sizes, emails, remote_ids, moved, gone))
    # The version (when the record was last acknowledged) is part of the id: a customer who goes from A to B and back to A must not
    # look to the receiver like the first delivery of A sent again.
    identity = orjson.dumps([report.destination, report.audience, sorted(zip(external_ids, hashes, versions, strict=True))])
    return Batch(hashlib.sha256(identity).hexdigest(), report.audience, report.release_id, report.released_at, records)
