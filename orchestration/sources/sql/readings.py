"""From where a table is read on whose cursor is no time.

Comes in: what earlier readings saw. Goes out: a cursor. A transaction draws its number when it writes and shows its row when it ends, with
higher numbers long seen; and no number tells when it was drawn. But whatever was drawn after a reading is above what that reading saw. So
what a transaction of at most `lag` still held back from the last reading is above what one that long before it saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from orchestration.sources.sql.query import is_time

_KEY = "readings"
Reading = tuple[datetime, str]


def before_the_last(known: Mapping[str, Any], lag: timedelta) -> str | None:
    """The highest cursor that was seen `lag` before the last reading; None where nobody read so early, so that all is to be read."""
    readings = _told(known)
    early = [cursor for at, cursor in readings if at <= readings[-1][0] - lag]
    return early[-1] if early else None


def kept(known: Mapping[str, Any], now: datetime, cursor: str | None, lag: timedelta) -> dict[str, Any]:
    """What the position keeps: the reading of now, those of less than `lag` before it, and the last one that is older."""
    if cursor is None or is_time(cursor):
        return {}
    readings = [*_told(known), (now, cursor)]
    first = max((place for place, (at, _) in enumerate(readings) if at <= now - lag), default=0)
    return {_KEY: [[at.isoformat(timespec="seconds"), seen] for at, seen in readings[first:]]}


def _told(known: Mapping[str, Any]) -> Sequence[Reading]:
    return [(datetime.fromisoformat(at), cursor) for at, cursor in known.get(_KEY, ())]
