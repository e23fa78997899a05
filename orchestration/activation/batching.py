"""The plan cut into batches that keep to a destination's limits.

Comes in: the temporary table `plan`. Goes out: batches in sending order, and what is too large to be sent at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import duckdb
import orjson

from orchestration.activation.report import BATCH_OVERHEAD, RECORD_OVERHEAD, SyncReport
from orchestration.destinations.base import Batch, Outcome, Record, Result
from orchestration.destinations.limits import Limits

_QUERY = """SELECT number, external_id, operation, fields, payload_hash, version, size, email, remote_id, moved
FROM plan WHERE number BETWEEN ? AND ? ORDER BY number"""


_AT_ONCE = 4_000  # rows fetched: asking for each small batch by itself costs more than sending it


class Cut(NamedTuple):
    """The records `first` to `last` of the plan: those to be sent, and the outcomes of those that are too large for it."""

    first: int
    last: int
    batch: Batch
    too_large: list[Outcome]


def batches(connection: duckdb.DuckDBPyConnection, limits: Limits, report: SyncReport) -> Iterator[Cut]:
    """The plan, cut to the limits."""
    rows: list[Any] = []
    last = 0
    while True:
        if len(rows) < limits.max_records:
            fetched = connection.execute(_QUERY, [last + 1, last + max(_AT_ONCE, limits.max_records)]).fetchall()
            rows, last = rows + fetched, last + len(fetched)
        if not rows:
            return
        taken = rows[: _fitting(rows[: limits.max_records], limits)]
        rows = rows[len(taken) :]
        large = [Outcome(row[1], Result.REJECTED, "too_large") for row in taken if row[6] > limits.max_record_bytes]
        sent = [row for row in taken if row[6] <= limits.max_record_bytes]
        yield Cut(taken[0][0], taken[-1][0], _batch(sent, report), large)


def _fitting(rows: list[Any], limits: Limits) -> int:
    """How many of `rows` one call carries, at least one; those too large to be sent take no room."""
    room, count = limits.max_bytes - BATCH_OVERHEAD, 0
    for row in rows:
        room -= row[6] + RECORD_OVERHEAD if row[6] <= limits.max_record_bytes else 0
        if room < 0 and count:
            break
        count += 1
    return count


def _batch(rows: list[Any], report: SyncReport) -> Batch:
    fields = orjson.loads(f"[{','.join([row[3] for row in rows])}]")  # reading them all at once takes a third of the time
    records = [Record(row[1], row[2], told, row[6], row[7], row[8], row[9]) for row, told in zip(rows, fields, strict=True)]
    # The version (when the record was last acknowledged) is part of the id: a customer who goes from A to B and back to A must not
    # look to the receiver like the first delivery of A sent again.
    identity = orjson.dumps([report.destination, report.audience, sorted([row[1], row[4], row[5]] for row in rows)])
    return Batch(hashlib.sha256(identity).hexdigest(), report.audience, report.release_id, report.released_at, records)
