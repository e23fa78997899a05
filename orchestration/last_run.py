"""How the last night ended, whoever started it: `state/last_run.json`, which `status` and whoever looks into a night read.

Comes in: the outcome of a night; reasons without personal values. Goes out: the file; and the last night, where it failed and nothing was
published since (what a gate refused is in `refusals.jsonl`, night by night).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from orchestration.home import Home, write_private


@dataclass(frozen=True)
class Failed:
    """A night that failed: its as-of date, when it ended (UTC), and why, a line each."""

    as_of: str
    at: datetime
    reasons: tuple[str, ...]


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
    told = {"as_of": as_of, "run_id": run_id, "at": ended.isoformat(timespec="seconds"), "status": status}
    write_private(home.state / "last_run.json", json.dumps({**told, "reasons": reasons, "steps": dict(steps)}, indent=1))


def failed_since(home: Home, published: datetime | None) -> Failed | None:
    """The last night, when it failed after `published`; None where it did not, or nobody can tell when it was."""
    told = _told(home)
    if told.get("status") not in ("failed", "misconfigured") or "at" not in told:
        return None
    at = datetime.fromisoformat(told["at"])
    return None if published and at < published else Failed(told["as_of"], at, tuple(told["reasons"]))


def _told(home: Home) -> dict[str, Any]:
    path = home.state / "last_run.json"
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return told
