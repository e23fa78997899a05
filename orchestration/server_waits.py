"""How long a server that was asked over HTTP wants to be left alone: what sources and destinations have in common.

Comes in: answers, and the number of an attempt. Goes out: seconds.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

SHARE_OF_LIMIT = 0.8  # what others on the same account leave us; a limit used up to its edge is a limit exceeded
MAX_WAIT = 60.0
_FOR_NOW = frozenset({408, 425, 429})


def is_for_now(status: int) -> bool:
    """Whether a refusal may be none the next time: too slow, too early, too often, or a fault of the server or of what stands before it."""
    return status in _FOR_NOW or status >= 500


def server_time(response: httpx.Response) -> datetime:
    """What time it is for the server, ours where it does not say: a moment that it names is by its own clock, which may differ."""
    try:
        told = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return datetime.now(UTC)
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def retry_after(response: httpx.Response, now: datetime | None = None) -> float | None:
    """Seconds that the `Retry-After` header asks for, in either form of RFC 9110; None without a usable one. `now`: the server's time."""
    value = response.headers.get("retry-after", "").strip()
    if value.replace(".", "", 1).isdigit():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - (now or server_time(response))).total_seconds())


def backed_off(attempt: int) -> float:
    """Exponential with full jitter, from half a second to a minute."""
    return random.uniform(0.5, min(MAX_WAIT, 2.0**attempt))
