"""What speaks against sending from a release at all, whoever it is sent to: circuit breakers that look at nights and sources.

Comes in: the served release's manifest, the home. Goes out: reasons, each under the name by which a person lets it through
(`sync NAME --override`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from orchestration import releases
from orchestration.activation import RELEASE_REFUSED, SOURCE_STALE
from orchestration.contract import DAYS_OF_A_RHYTHM, EVERY_DAY
from orchestration.home import Home
from orchestration.plain_words import counted
from orchestration.releases import Release


def doubts(home: Home, release: Release, max_days_behind: int, sources: Collection[str]) -> dict[str, str]:
    """Name of the breaker → reason; empty when nothing speaks against the release.

    sources  names of those that are configured: what is read no more has no news, and is not late
    """
    refusal, stale = releases.standing_refusal(home.root), _stale(release, max_days_behind, sources)
    found = {}
    if refusal is not None:
        found[RELEASE_REFUSED] = (
            f"the night of {refusal.as_of} was refused at {refusal.stage}, so release {release.id} is older than it should be"
        )
    if stale:
        found[SOURCE_STALE] = f"{'; '.join(stale)}, more than max_days_behind {max_days_behind}: did the export stop?"
    return found


def _stale(release: Release, most_days: int, sources: Collection[str]) -> list[str]:
    """Those of `sources` whose newest event, of the tables that have some on most days, lies too far before the release; dates, no values.

    A company to which little happens is not late.
    """
    newest: dict[str, date] = {}
    for one in release.manifest.get("sources") or ():
        if one["source"] not in sources:
            continue
        if one["table_name"] in EVERY_DAY and one["last_event_at"] and one.get("busy_days", 0) >= DAYS_OF_A_RHYTHM / 2:
            day = datetime.fromisoformat(str(one["last_event_at"])).date()
            newest[one["source"]] = max(day, newest.get(one["source"], day))
    behind = {source: (release.as_of - day).days for source, day in sorted(newest.items())}
    return [f"source {source} has no news for {counted(days, 'day')}" for source, days in behind.items() if days > most_days]
