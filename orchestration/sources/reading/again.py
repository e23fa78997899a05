"""When all of a stream is read again because some of its records could not be read.

Comes in: where a stream stands, whether this night left anything out. Goes out: what its position says of that. A record that is mended at
the vendor is a change, which any night reads. Only what is mended without a new stamp (a vendor's slip, a newer version of ours) takes a
reading of everything: the next night does one, and as long as it does not help, the time until another one doubles. So such a record is
found at the latest when it has been readable again for as long as it was not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from orchestration.sources.base import Position

_KEY = "again"
_A_NIGHT, _SOONER, _AT_MOST = timedelta(days=1), timedelta(hours=12), timedelta(days=30)  # nights do not begin to the second


def is_wanted(known: Position, now: datetime) -> bool:
    """Whether all is to be read tonight for what could not be read before."""
    return _KEY in known and now >= datetime.fromisoformat(known[_KEY]["at"])


def after(known: Position, now: datetime, *, was_all: bool, is_odd: bool) -> dict[str, Any]:
    """What the position keeps of it. was_all: the night read all there is; is_odd: it left something out."""
    waiting: Mapping[str, Any] | None = known.get(_KEY)
    if waiting and not was_all:
        return {_KEY: waiting}
    if not is_odd:
        return {}
    tries = 1 + (waiting["tries"] if waiting else 0)
    wait = min(2 ** (tries - 1) * _A_NIGHT, _AT_MOST) - _SOONER
    stamped = {"since": waiting["since"] if waiting else _second(now), "at": _second(now + wait)}
    return {_KEY: {**stamped, "tries": tries}}


def without(known: Position) -> dict[str, Any]:
    """The position as it would be had everything been read."""
    return {key: value for key, value in known.items() if key != _KEY}


def line(position: Position) -> str:
    """What the operator is told in a night that did not come upon them; empty where nothing waits."""
    waiting = position.get(_KEY)
    if not waiting:
        return ""
    return (
        f"records of another shape have been left out since {waiting['since'][:10]}; one that is mended lands the night after, the others"
        f" are looked for by reading everything in the first night from {waiting['at'][:16].replace('T', ' ')} UTC, and what has not been"
        " seen is not taken for deleted before"
    )


def _second(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
