"""How the last night and the last retention ended, whoever started them: what `status` and whoever looks into a night read.

Comes in: what became of them; reasons without personal values. Goes out, below `state/`: `last_run.json`, `last_retention.json`, and
`under_way.json` for as long as a night goes on, which one that was killed leaves there; and the last night where it failed and nothing was
published since, or where it was killed (what a gate refused is in `refusals.jsonl`, night by night).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from orchestration.home import Home, write_private

_NIGHT, _RETENTION, _UNDER_WAY = "last_run.json", "last_retention.json", "under_way.json"
_MARKED: set[Path] = set()  # by this process


@dataclass(frozen=True)
class Failed:
    """A night that failed, or a retention, which has no as-of date: when it ended (UTC), and why, a line each."""

    as_of: str | None
    at: datetime
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Killed:
    """A night that never ended: its as-of date, and when it began (UTC)."""

    as_of: str
    since: datetime


@contextmanager
def under_way(home: Home, as_of: str) -> Iterator[None]:
    """Write down that the night of `as_of` goes on while the block does; whoever uses this holds the home.

    A night that is killed cannot tell it, and the next run that holds the home need not be a night. Within the block of the command line,
    which ends when the night has told how it ended, that of its run in Dagster neither sets the mark nor takes it away.
    """
    marker = home.state / _UNDER_WAY
    if marker in _MARKED:
        yield
        return
    write_private(marker, json.dumps({"as_of": as_of, "since": datetime.now(UTC).isoformat()}))
    _MARKED.add(marker)
    try:
        yield
    finally:
        _MARKED.discard(marker)
        marker.unlink(missing_ok=True)


def killed(home: Home) -> Killed | None:
    """The last night, where it was killed and nobody has heard of its end; None while a run is at work, since that may be it."""
    told, last = _told(home, _UNDER_WAY), _told(home)
    if not told or home.is_held():
        return None
    since = datetime.fromisoformat(told["since"])
    # What could not begin has no run, and its end is not that of the one that was at work.
    is_heard_of = last.get("run_id") is not None and "at" in last and datetime.fromisoformat(last["at"]) >= since
    return None if is_heard_of else Killed(told["as_of"], since)


def remember(
    home: Home,
    as_of: str,
    run_id: str | None,
    status: str,
    reasons: tuple[str, ...],
    steps: Mapping[str, float] = MappingProxyType({}),
    at: datetime | None = None,
) -> None:
    """Write down how a night ended, unless one that ended later is written down: Dagster's daemon may hear of a night hours after its end.

    steps  seconds of each, where they are known
    at     when it ended, UTC; now where it is not told
    """
    ended, before = at or datetime.now(UTC), _told(home)
    if "at" in before and ended < datetime.fromisoformat(before["at"]):
        return
    told = {"as_of": as_of, "run_id": run_id, "at": _second(ended), "status": status}
    write_private(home.state / _NIGHT, json.dumps({**told, "reasons": reasons, "steps": dict(steps)}, indent=1))


def remember_retention(home: Home, reasons: tuple[str, ...], at: datetime | None = None) -> None:
    """Write down how retention ended, unless one that ended later is written down; without reasons it did its work. `at` as above."""
    ended, before = at or datetime.now(UTC), _told(home, _RETENTION)
    if before and ended < datetime.fromisoformat(before["at"]):
        return
    write_private(home.state / _RETENTION, json.dumps({"at": _second(ended), "reasons": reasons}, indent=1))


def failed_since(home: Home, published: datetime | None) -> Failed | None:
    """The last night, when it failed after `published`; None where it did not, or nobody can tell when it was."""
    told = _told(home)
    if told.get("status") not in ("failed", "misconfigured") or "at" not in told:
        return None
    at = datetime.fromisoformat(told["at"])
    return None if published and at < published else Failed(told["as_of"], at, tuple(told["reasons"]))


def failed_retention(home: Home) -> Failed | None:
    """The last retention, where it failed."""
    told = _told(home, _RETENTION)
    return Failed(None, datetime.fromisoformat(told["at"]), tuple(told["reasons"])) if told.get("reasons") else None


def _told(home: Home, name: str = _NIGHT) -> dict[str, Any]:
    path = home.state / name
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return told


def _second(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
