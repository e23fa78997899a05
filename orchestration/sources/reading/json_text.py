"""JSON as vendors send it, read and written fast, and as leniently as the standard library does.

Comes in: bytes. Goes out: values. What orjson refuses and vendors may send (half of a surrogate pair, NaN) is read slowly.
"""

from __future__ import annotations

import json
from typing import Any

import orjson


def parsed(content: bytes) -> Any:
    """The value of `content`; NaN and infinities as text, which no number can be. Raises ValueError when it is not whole."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return json.loads(content, parse_constant=str)


def written(value: Any) -> bytes:
    """One line that `parsed` makes `value` of."""
    try:
        return orjson.dumps(value)
    except TypeError:  # half of a surrogate pair, a whole number of more than 64 bits
        return json.dumps(value).encode()
