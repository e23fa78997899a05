"""What a sync did, or in a dry run would do: counts, reasons, a masked sample. Carries no personal value.

Comes in: plan and outcomes. Goes out: the report that the night, the screen and the log of Dagster show.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import duckdb

from orchestration.activation.deciding import change_share
from orchestration.destinations.base import Destination
from orchestration.destinations.fields import FORMER
from orchestration.destinations.limits import Limits

# Room for what a destination puts around a record and around a batch, in bytes; what it puts before each field is counted in the plan.
RECORD_OVERHEAD, BATCH_OVERHEAD = 110, 512


@dataclass(frozen=True)
class Comparison:
    """What a destination holds beside what it acknowledged; in a dry run what would be compared."""

    records: int  # of which it told, or would be asked
    calls: int  # made for it, or expected
    seconds: float  # a forecast
    changed: int = 0  # records that hold something else
    missing: int = 0  # records that are not there any more
    lacks: str = ""  # why it did not tell of all; empty = it did
    refused: bool = False  # we lack a right: asking again tomorrow would tell the same

    @property
    def share(self) -> float:
        """Of those it told of, who has drifted."""
        return (self.changed + self.missing) / self.records if self.records else 0.0


@dataclass
class SyncReport:
    """What a sync did, or in a dry run would do. Carries no personal value."""

    destination: str
    audience: str
    release_id: str
    released_at: str
    live: bool
    # upsert, clear, unchanged, kept, suppressed, dead, absent, gone, left_out → records
    decisions: dict[str, int] = field(default_factory=dict)
    suppressed: dict[str, int] = field(default_factory=dict)  # reason → records
    change_share: float = 0.0  # of the customers the destination had before
    calls: int = 0  # made, or in a dry run expected
    forecast_seconds: float = 0.0
    sample: list[dict[str, Any]] = field(default_factory=list)  # a few records to be sent, masked
    outcomes: Counter[str] = field(default_factory=Counter)  # outcome → records
    codes: Counter[str] = field(default_factory=Counter)  # the destination's codes of what it did not take → records
    forgotten: int = 0  # erased people whom the destination has confirmed to have cleared
    refused: str = ""  # why nothing was sent, or why sending stopped
    names: dict[str, str] = field(default_factory=dict)  # field → the company's own name of it there
    no_more: list[str] = field(default_factory=list)  # names there that are written no more, and cleared with whoever is sent
    comparison: Comparison | None = None  # of what it holds with what it acknowledged; None: not due
    complete_at: str = ""  # when everything had arrived the last time, ISO-8601, UTC; empty: never yet

    @property
    def ok(self) -> bool:
        """Whether everything that had to arrive has arrived."""
        return not self.refused and not any(self.outcomes[name] for name in ("retryable", "rejected", "unknown"))


def describe(connection: duckdb.DuckDBPyConnection, destination: Destination, limits: Limits, report: SyncReport) -> None:
    """Fill in what the plan says: reasons, share, sample, calls and time to expect."""
    query = "SELECT suppressed_as, count(*) FROM decided WHERE decision = 'suppressed' GROUP BY ALL ORDER BY ALL"
    report.suppressed = dict(connection.execute(query).fetchall())
    report.change_share = change_share(connection)
    report.sample = [_masked(row) for row in connection.execute("SELECT external_id, operation, fields FROM plan LIMIT 5").fetchall()]
    records, size = connection.execute(f"SELECT count(*), coalesce(sum(size + {RECORD_OVERHEAD}), 0) FROM plan").fetchall()[0]
    batches = max(-(-records // limits.max_records), -(-int(size) // (limits.max_bytes - BATCH_OVERHEAD)))
    report.calls, report.forecast_seconds = destination.forecast(records, batches)


def _masked(row: tuple[str, str, str]) -> dict[str, Any]:
    external_id, operation, fields = row
    told = {name: _mask(value) for name, value in json.loads(fields).items() if not name.startswith(FORMER)}
    return {"external_id": _mask(external_id), "operation": operation, "fields": told}


def _mask(value: Any) -> Any:
    if isinstance(value, bool | int | float) or value is None:
        return value
    return f"{str(value)[:2]}…" if isinstance(value, str) else "…"
