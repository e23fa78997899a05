"""Values of vendors' JSON in the spelling of the contract.

Comes in: numbers and texts as a vendor writes them; objects are dicts, which takes a sixth of the time to tell that a Mapping takes. Goes
out: text for the typed reading. What is no such value is handed on as it is, so that it waits in quarantine with its row instead of being
guessed at.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

HIGHEST_SECOND = 253_402_300_799  # the last of the year 9999
_FIRST_DAY = date(1970, 1, 1).toordinal()


def from_seconds(value: Any) -> Any:
    """Seconds since 1970 as a time in UTC."""
    if type(value) is int and 0 <= value <= HIGHEST_SECOND:  # nearly all of them, and there are few days
        day, second = divmod(value, 86_400)
        return _day(day) + _time_of_day(second)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= HIGHEST_SECOND:
        return value
    return datetime.fromtimestamp(value, UTC).isoformat().replace("+00:00", "Z")


@lru_cache(100_000)
def _day(number: int) -> str:
    return f"{date.fromordinal(_FIRST_DAY + number).isoformat()}T"


@lru_cache(86_400)
def _time_of_day(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"


def from_milliseconds(value: Any) -> Any:
    """Milliseconds since 1970, a number or its digits, as a time in UTC; any other text as it is."""
    if isinstance(value, str):
        return from_seconds(int(value) / 1000) if value.isdigit() else value
    return from_seconds(value / 1000) if isinstance(value, int | float) and not isinstance(value, bool) else value


def in_major(amount: Any, exponent: int) -> Any:
    """An amount in minor units (whole or not) as one in major units, exactly."""
    if type(amount) is int and exponent == 2:
        whole, cents = divmod(abs(amount), 100)
        return f"{'-' if amount < 0 else ''}{whole}.{cents:02}"
    try:
        return format(Decimal(str(amount)).scaleb(-exponent), "f") if amount is not None else None
    except InvalidOperation:
        return amount


def id_of(value: Any) -> Any:
    """The id of what may be an id or the object itself."""
    return value.get("id") if isinstance(value, dict) else value


def first_filled(*values: Any) -> Any:
    """The first value that says something."""
    for value in values:
        if value is not None and value != "":
            return value
    return None


def below(value: Any, *path: str) -> Any:
    """What lies at `path` in nested mappings; None where a step is missing."""
    for step in path:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value
