"""Values of vendors' JSON in the spelling of the contract.

Comes in: numbers and texts as a vendor writes them. Goes out: text for the typed reading. What is no such value is handed on as it is, so
that it waits in quarantine with its row instead of being guessed at.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

_HIGHEST_SECOND = 253_402_300_799  # the last of the year 9999


def from_seconds(value: Any) -> Any:
    """Seconds since 1970 as a time in UTC."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _HIGHEST_SECOND:
        return value
    return datetime.fromtimestamp(value, UTC).isoformat().replace("+00:00", "Z")


def from_milliseconds(value: Any) -> Any:
    """Milliseconds since 1970, a number or its digits, as a time in UTC; any other text as it is."""
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    return from_seconds(value / 1000) if isinstance(value, int | float) and not isinstance(value, bool) else value


def in_major(amount: Any, exponent: int) -> Any:
    """An amount in minor units (whole or not) as one in major units, exactly."""
    try:
        return format(Decimal(str(amount)).scaleb(-exponent), "f") if amount is not None else None
    except InvalidOperation:
        return amount


def id_of(value: Any) -> Any:
    """The id of what may be an id or the object itself."""
    return value.get("id") if isinstance(value, Mapping) else value


def first_filled(*values: Any) -> Any:
    """The first value that says something."""
    return next((value for value in values if value not in (None, "")), None)


def below(value: Any, *path: str) -> Any:
    """What lies at `path` in nested mappings; None where a step is missing."""
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
