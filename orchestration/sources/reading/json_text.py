"""JSON as vendors send it, read and written fast, and as leniently as the standard library does.

Comes in: bytes. Goes out: values. What orjson refuses and vendors may send (half of a surrogate pair, NaN) is read slowly, and so are
numbers of which it would drop digits, and what is too much to be held at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

import orjson

from orchestration.sources.reading.long_numbers import as_number, may_have_long

_EXACTLY: Mapping[str, Any] = {"parse_constant": str, "parse_float": as_number}
_BLOCK = 1 << 20  # characters
_BETWEEN = re.compile(r"[\s,]*")


def parsed(content: bytes) -> Any:
    """The value of `content`; as text what no number can be: NaN, infinities, a fraction of more digits than a double holds.

    Raises ValueError when it is not whole.
    """
    if may_have_long(content):
        return json.loads(content, **_EXACTLY)
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return json.loads(content, **_EXACTLY)


def written(value: Any) -> bytes:
    """One line that `parsed` makes `value` of."""
    try:
        return orjson.dumps(value)
    except TypeError:  # half of a surrogate pair, a whole number of more than 64 bits
        return json.dumps(value).encode()


def members(file: IO[str], key: str) -> Iterator[Any]:
    """The objects in the list under `key` of one large object, one at a time. Raises ValueError where the text ends before it."""
    decoder, begin, text = json.JSONDecoder(**_EXACTLY), re.compile(rf'"{re.escape(key)}"\s*:\s*\['), ""
    while (found := begin.search(text)) is None:
        text += _more(file)
    place = found.end()
    while True:
        place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr]  # nothing matches it as well
        if text[place : place + 1] == "]":
            return
        try:
            one, place = decoder.raw_decode(text, place)
        except ValueError:  # it goes on in the next block
            text, place = text[place:] + _more(file), 0
            continue
        yield one


def _more(file: IO[str]) -> str:
    more = file.read(_BLOCK)
    if not more:
        raise ValueError("the text ends before the list does")
    return more
