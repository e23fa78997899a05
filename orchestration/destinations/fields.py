"""Fields as vendors want them: under our prefix, as text where only text is taken.

Comes in: fields of an audience, whose values are JSON's. Goes out: names and values. A field without a value is there too: null clears it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

PREFIX = "crmp_"  # only fields of this prefix, and those that the configuration names, are ever written
FORMER = "="  # before a field: it is what the destination calls it already, and is written no more
KEY_FIELD = f"{PREFIX}customer_key"  # by which a record is found again of which no id is known
DAY, TIME = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class Called(dict[str, str]):
    """Field → what it is called there, found once: by the company's name for it, else by `ours`."""

    def __init__(self, names: Mapping[str, str], ours: Callable[[str], str]) -> None:
        super().__init__()
        self._names, self._ours = names, ours

    def __missing__(self, field: str) -> str:
        """A field that is met the first time."""
        self[field] = field.removeprefix(FORMER) if field.startswith(FORMER) else self._names.get(field) or self._ours(field)
        return self[field]


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
