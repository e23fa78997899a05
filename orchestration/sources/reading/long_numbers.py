"""Numbers of JSON with more digits than a double holds: readers make doubles of fractions, and the digits that these drop are cents.

Comes in: JSON as bytes. Goes out: the same with such numbers as texts, which the typed reading takes digit by digit. Of nearly all files
and pages a look at the bytes says that there is no such number.
"""

from __future__ import annotations

import math
import mmap
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

_KEPT = 15  # digits that every double keeps
_DIGITS = bytes(ord("0") if chr(byte) in "0123456789." else ord(" ") for byte in range(256))
_RUN = b"0" * (_KEPT + 1)
_BARE = re.compile(rb"[\[:,\s]-?[0-9.]{%d}" % len(_RUN))
_TEXT_OR_FRACTION = re.compile(rb'"(?:[^"\\]++|\\.)*+"|-?[0-9]++(?:\.[0-9]++(?:[eE][+-]?[0-9]++)?|[eE][+-]?[0-9]++)', re.DOTALL)
_BLOCK = 1 << 20


def may_have_long(content: bytes) -> bool:
    """Whether a number in `content` may have so many digits; looking at all bytes for a run of them takes a twentieth of a search."""
    return _RUN in content.translate(_DIGITS) and _BARE.search(content) is not None


def as_number(text: str) -> float | str:
    """The number that `text` is, or the text where a double is another number."""
    number = float(text)
    written = repr(number)
    is_same = len(text) <= _KEPT or written == text or Decimal(written) == Decimal(text)
    return number if is_same and math.isfinite(number) else text


def without_long(path: Path, scratch: Path) -> Path:
    """The file, or a copy in `scratch` in which every number that is no double stands between quotes. Lines stay lines."""
    if not any(map(may_have_long, _overlapping(path))):
        return path
    copy = scratch / f"exact-{path.name}"
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content, copy.open("wb") as target:
        done = 0
        for start, end in _long_in(content):
            target.write(content[done:start] + b'"' + content[start:end] + b'"')
            done = end
        target.writelines(content[start : start + _BLOCK] for start in range(done, len(content), _BLOCK))
    return copy


def _overlapping(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        part = b""
        while block := file.read(_BLOCK):
            part = part[-2 * len(_RUN) :] + block
            yield part


def _long_in(content: mmap.mmap) -> Iterator[tuple[int, int]]:
    """From where to where they stand. Texts are passed over as a whole, and whole numbers come in all their digits as they are."""
    for found in _TEXT_OR_FRACTION.finditer(content):
        text = found[0]
        if len(text) > _KEPT and not text.startswith(b'"') and isinstance(as_number(text.decode()), str):
            yield found.span()
