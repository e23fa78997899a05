"""Whether a sync has arrived: what the check of its asset says, and what its history shows.

Comes in: a report. Goes out: a verdict, and numbers without personal values. How bad a refusal is, the exit code of a night does not ask:
whatever has not arrived ends it with 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestration.activation.report import SyncReport

MOST_REJECTED = 0.01  # share of those it shall have that a destination may refuse; above it is no matter of single records
MOST_DAYS = 2.0  # without everything having arrived: one bad night is mended by the next
_SECONDS_A_DAY = 86_400.0
_SENT = ("acknowledged", "retryable", "rejected", "unknown")


@dataclass(frozen=True)
class Verdict:
    """What a check says: `blocks` tells a failure from a warning where it has not passed."""

    passed: bool
    blocks: bool
    reason: str


def judged(report: SyncReport, now: datetime) -> Verdict:
    """The verdict on a sync: rejected share, records of which nobody knows, and how long ago everything had arrived (`now` in UTC)."""
    if not report.live:
        return Verdict(not report.refused, False, report.refused or "dry run: nothing was sent")
    share, days = rejected_share(report), days_behind(report, now)
    bad = [report.refused] if report.refused else []
    bad += [f"{share:.1%} are rejected, more than {MOST_REJECTED:.0%}"] if share > MOST_REJECTED else []
    bad += [f"not everything has arrived for {days:.1f} days"] if days is not None and days > MOST_DAYS else []
    open_ones = {name: report.outcomes[name] for name in ("rejected", "unknown", "retryable")}
    told = [f"{count:,} {name}" for name, count in open_ones.items() if count]
    told += [f"what it holds was not compared: {report.comparison.lacks}"] if report.comparison and report.comparison.lacks else []
    told += [f"{dead:,} rejected before"] if (dead := report.decisions.get("dead", 0)) else []
    return Verdict(not bad and not told, bool(bad), "; ".join(bad + told) or "everything has arrived")


def rejected_share(report: SyncReport) -> float:
    """Share of the records that the destination shall have which it refused, tonight or before."""
    wanted = sum(report.decisions.get(name, 0) for name in ("upsert", "clear", "unchanged", "dead"))
    return (report.outcomes["rejected"] + report.decisions.get("dead", 0)) / wanted if wanted else 0.0


def days_behind(report: SyncReport, now: datetime) -> float | None:
    """Days since everything had arrived, 0 when it has tonight; None when it never had."""
    if report.live and report.ok:
        return 0.0
    if not report.complete_at:
        return None
    return (now - datetime.fromisoformat(report.complete_at)).total_seconds() / _SECONDS_A_DAY


def was_sent(report: SyncReport) -> bool:
    """Whether the sync did its work, be it that nothing was to be sent or, in a dry run, that it was told."""
    return not report.refused or any(report.outcomes[name] for name in _SENT)


def history(report: SyncReport, now: datetime) -> dict[str, Any]:
    """Numbers of one sync, the same names every night, so that they can be drawn over nights."""
    numbers: dict[str, Any] = {f"planned_{name}": report.decisions.get(name, 0) for name in ("upsert", "clear", "unchanged", "dead")}
    numbers |= {name: report.outcomes[name] for name in _SENT}
    numbers |= {"suppressed": sum(report.suppressed.values()), "calls": report.calls}
    numbers |= {"rejected_share": rejected_share(report), "change_share": report.change_share, "forecast_seconds": report.forecast_seconds}
    if report.comparison:
        found = report.comparison
        numbers |= {"compared": found.records, "changed_there": found.changed, "missing_there": found.missing, "reading_calls": found.calls}
    days = days_behind(report, now)
    return numbers if days is None else {**numbers, "days_behind": days}


def shown_sample(report: SyncReport) -> list[tuple[str, str]]:
    """Operation and masked fields of a few records, without what would tell whose they are: a history outlives an erasure."""
    return [
        (one["operation"], "; ".join(f"{name} {value}" for name, value in one["fields"].items() if name != "customer_key"))
        for one in report.sample
    ]
