"""Fields as vendors want them: under our prefix, as text where only text is taken.

Comes in: fields of an audience, whose values are JSON's. Goes out: names and values. A field without a value is there too: null clears it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

PREFIX = "crmp_"  # only fields of this prefix are ever written, whatever the account holds beside
KEY_FIELD = f"{PREFIX}customer_key"  # by which a record is found again of which no id is known
DAY, TIME = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def prefixed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields under our prefix; lists as one text, since few vendors filter by a list of texts."""
    return {f"{PREFIX}{name}": listed_as_text(value) for name, value in fields.items()}


def listed_as_text(value: Any) -> Any:
    """`value`; of a list, its values one after another."""
    return "; ".join(str(one) for one in value) if isinstance(value, list) else value


def as_text(value: Any) -> str:
    """`value` where everything is text: nothing for null, `true` and `false`, numbers in plain decimals."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return str(listed_as_text(value))


def labelled(name: str) -> str:
    """A field's name as people read it."""
    return name.removeprefix(PREFIX).replace("_", " ").capitalize()


def shortened(names: Iterable[str], most: int, length: int = 255) -> str:
    """A few names for a message."""
    listed = sorted(names)
    return (", ".join(listed[:most]) + (" …" if len(listed) > most else ""))[:length]
