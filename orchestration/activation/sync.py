"""One sync: one audience of one release to one destination.

Comes in: a release, a destination, the state folder. Goes out: a report; and, when live, batches, state and log.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.activation import state
from orchestration.activation.audience import AudienceSource
from orchestration.activation.forgetting import rewritten
from orchestration.activation.log import export_attempts
from orchestration.activation.planning import change_share, make_desired, make_plan
from orchestration.destinations.base import Batch, Destination, Limits, Outcome, Record, Result, covered
from orchestration.destinations.pacing import forecast_seconds

# Room for what a destination puts around a record and around a batch.
_RECORD_OVERHEAD, _BATCH_OVERHEAD = 64, 512


@dataclass
class SyncReport:
    """What a sync did, or in a dry run would do. Carries no personal value."""

    destination: str
    audience: str
    release_id: str
    released_at: str
    live: bool
    decisions: dict[str, int] = field(default_factory=dict)  # upsert, clear, unchanged, suppressed, dead, gone → records
    suppressed: dict[str, int] = field(default_factory=dict)  # reason → records
    change_share: float = 0.0  # of the customers the destination had before
    calls: int = 0  # made, or in a dry run expected
    forecast_seconds: float = 0.0
    sample: list[dict[str, Any]] = field(default_factory=list)  # a few records to be sent, masked
    outcomes: Counter[str] = field(default_factory=Counter)  # outcome → records
    forgotten: int = 0  # erased people whom the destination has confirmed to have cleared
    refused: str = ""  # why nothing was sent, or why sending stopped

    @property
    def ok(self) -> bool:
        """Whether everything that had to arrive has arrived."""
        return not self.refused and not any(self.outcomes[name] for name in ("retryable", "rejected", "unknown"))


def synchronise(
    release: AudienceSource,
    destination: Destination,
    audience: str,
    *,
    state_folder: str | Path,
    max_change_share: float,
    live: bool = False,
    force: bool = False,
    retry_dead: bool = False,
) -> SyncReport:
    """Bring `sync_<type>__<audience>` of `release` to `destination`; without `live` only tell what would be sent.

    `force` lets a night through that the circuit breaker refuses or to a receiver that had asked us to stop; `retry_dead` sends rejected
    records again. Raises ActivationError, DestinationError or StateError before anything is sent.
    """
    destination.preflight()
    report = SyncReport(destination.name, audience, release.id, release.created_at.isoformat(timespec="seconds"), live)
    path = Path(state_folder) / "activation" / f"{destination.name}.duckdb"
    with state.opened(path, writable=live) as connection:
        make_desired(connection, release, f"sync_{destination.type}__{audience}", destination.channels)
        report.decisions = make_plan(connection, audience, retry_dead=retry_dead)
        _describe(connection, destination, report)
        report.refused = "" if force else _objection(connection, destination, report, max_change_share)
        if live and not report.refused:
            try:
                _deliver(connection, destination, report)
            finally:
                report.forgotten = state.settle_orders(connection, audience)
                export_attempts(connection, Path(state_folder))
    if report.forgotten:
        rewritten(path)
    return report


def _describe(connection: duckdb.DuckDBPyConnection, destination: Destination, report: SyncReport) -> None:
    query = "SELECT suppressed_as, count(*) FROM decided WHERE decision = 'suppressed' GROUP BY ALL ORDER BY ALL"
    report.suppressed = dict(connection.execute(query).fetchall())
    report.change_share = change_share(connection)
    report.sample = [_masked(row) for row in connection.execute("SELECT external_id, operation, fields FROM plan LIMIT 5").fetchall()]
    records, size = connection.execute(f"SELECT count(*), coalesce(sum(size + {_RECORD_OVERHEAD}), 0) FROM plan").fetchall()[0]
    report.calls = max(-(-records // destination.limits.max_records), -(-int(size) // (destination.limits.max_bytes - _BATCH_OVERHEAD)))
    report.forecast_seconds = forecast_seconds(destination.limits.windows, report.calls)


def _objection(connection: duckdb.DuckDBPyConnection, destination: Destination, report: SyncReport, max_share: float) -> str:
    query = "SELECT since FROM state.disabled WHERE address = ?"
    if (gone := connection.execute(query, [destination.address]).fetchone()) is not None:
        return f"the receiver asked us to stop on {gone[0]:%Y-%m-%d} (410); give {destination.name} another address or use force"
    if report.change_share > max_share:
        return f"{report.change_share:.0%} of the customers sent before would change, more than max_audience_change_share {max_share:.0%}"
    return ""


def _deliver(connection: duckdb.DuckDBPyConnection, destination: Destination, report: SyncReport) -> None:
    report.calls = 0
    _log_suppressed(connection, report)
    for first, last, batch, too_large in _batches(connection, destination, report):
        state.announce(connection, report.audience, first, last)
        answer = destination.send(batch) if batch.records else None
        report.calls += answer is not None
        outcomes = (covered(batch, answer.outcomes) if answer else []) + too_large
        state.record(
            connection, outcomes, destination=report.destination, audience=report.audience, release_id=report.release_id,
            first=first, last=last, at=_now(),
        )  # fmt: skip
        report.outcomes.update(str(outcome.result) for outcome in outcomes)
        if answer and answer.disabled:
            connection.execute("INSERT INTO state.disabled VALUES (?, ?)", [destination.address, _now()])
        if answer and answer.stop:
            report.refused = answer.stop
            return


def _log_suppressed(connection: duckdb.DuckDBPyConnection, report: SyncReport) -> None:
    """Log who is suppressed since the last sync; repeating everyone every night would say nothing and fill the disk."""
    now = "SELECT external_id, suppressed_as FROM decided WHERE decision = 'suppressed'"
    parameters = {"audience": report.audience}
    logged = {**parameters, "destination": report.destination, "release_id": report.release_id, "at": _now()}
    with state.transaction(connection):
        connection.execute(
            f"""INSERT INTO state.attempts SELECT $destination, $audience, customer_key, external_id, '{Result.SUPPRESSED}', suppressed_as,
            $release_id, $at FROM decided WHERE decision = 'suppressed' AND (external_id, suppressed_as) NOT IN
            (SELECT (external_id, code) FROM state.suppressed WHERE audience = $audience)""",
            logged,
        )
        connection.execute("DELETE FROM state.suppressed WHERE audience = $audience", parameters)
        connection.execute(f"INSERT INTO state.suppressed SELECT $audience, external_id, suppressed_as FROM ({now})", parameters)
    report.outcomes[str(Result.SUPPRESSED)] = sum(report.suppressed.values())


def _batches(
    connection: duckdb.DuckDBPyConnection, destination: Destination, report: SyncReport
) -> Iterator[tuple[int, int, Batch, list[Outcome]]]:
    """The plan cut to the destination's limits: first and last number, the batch, and what is too large to be sent at all."""
    first = 1
    query = (
        "SELECT number, external_id, operation, fields, payload_hash, version, size FROM plan WHERE number BETWEEN ? AND ? ORDER BY number"
    )
    while rows := connection.execute(query, [first, first + destination.limits.max_records - 1]).fetchall():
        taken = rows[: _fitting(rows, destination.limits)]
        large = [row for row in taken if row[6] > destination.limits.max_record_bytes]
        sent = [row for row in taken if row[6] <= destination.limits.max_record_bytes]
        yield first, taken[-1][0], _batch(sent, destination.name, report), [Outcome(row[1], Result.REJECTED, "too_large") for row in large]
        first = taken[-1][0] + 1


def _fitting(rows: list[Any], limits: Limits) -> int:
    """How many of `rows` one call carries, at least one; those too large to be sent take no room."""
    room, count = limits.max_bytes - _BATCH_OVERHEAD, 0
    for row in rows:
        room -= row[6] + _RECORD_OVERHEAD if row[6] <= limits.max_record_bytes else 0
        if room < 0 and count:
            break
        count += 1
    return count


def _batch(rows: list[Any], destination: str, report: SyncReport) -> Batch:
    records = [Record(row[1], row[2], json.loads(row[3]), row[6]) for row in rows]
    # The version (when the record was last acknowledged) is part of the id: a customer who goes from A to B and back to A must not
    # look to the receiver like the first delivery of A sent again.
    identity = json.dumps([destination, report.audience, sorted([row[1], row[4], row[5]] for row in rows)])
    return Batch(hashlib.sha256(identity.encode()).hexdigest(), report.audience, report.release_id, report.released_at, records)


def _masked(row: tuple[str, str, str]) -> dict[str, Any]:
    external_id, operation, fields = row
    return {"external_id": _mask(external_id), "operation": operation, "fields": {k: _mask(v) for k, v in json.loads(fields).items()}}


def _mask(value: Any) -> Any:
    if isinstance(value, bool | int | float) or value is None:
        return value
    return f"{str(value)[:2]}…" if isinstance(value, str) else "…"


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
