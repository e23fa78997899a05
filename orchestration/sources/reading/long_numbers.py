"""Numbers of JSON with more digits than a double holds: readers make doubles of fractions, and the digits that these drop are cents.

Comes in: JSON as bytes. Goes out: the same with such numbers as texts, which the typed reading takes digit by digit. Of nearly all files
and pages a look at the bytes says that there is no such number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

_KEPT = 15  # digits that every double keeps
_DIGITS = bytes(ord("0") if chr(byte) in "0123456789." else ord(" ") for byte in range(256))
_RUN = b"0" * (_KEPT + 1)
_BARE = re.compile(rb"[\[:,\s]-?[0-9.]{%d}" % len(_RUN))
_TEXT_OR_FRACTION = re.compile(rb'"(?:[^"\\]++|\\.)*+"|-?[0-9]++(?:\.[0-9]++(?:[eE][+-]?[0-9]++)?|[eE][+-]?[0-9]++)', re.DOTALL)
_NOTHING_OPEN = re.compile(rb'(?:[^"]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_BLOCK = 1 << 20
_LONGEST = 64 << 20  # no text is as long, but what follows a quote that is never closed


def may_have_long(content: bytes) -> bool:
    """Whether a number in `content` may have so many digits; looking at all bytes for a run of them takes a twentieth of a search."""
    return _has_run(content) and _BARE.search(content) is not None


def _has_run(content: bytes) -> bool:
    return _RUN in content.translate(_DIGITS)


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
    with copy.open("wb") as target:
        target.writelines(_TEXT_OR_FRACTION.sub(_quoted, part) if _has_run(part) else part for part in _whole_parts(path))
    return copy


def _blocks(path: Path) -> Iterator[bytes]:
    """Read and not mapped into memory: a file that somebody cuts meanwhile would end the process."""
    with path.open("rb") as file:
        yield from iter(lambda: file.read(_BLOCK), b"")


def _overlapping(path: Path) -> Iterator[bytes]:
    part = b""
    for block in _blocks(path):
        part = part[-2 * len(_RUN) :] + block
        yield part


def _whole_parts(path: Path) -> Iterator[bytes]:
    """The file in parts, none of which ends within a text or a number."""
    rest = b""
    for block in _blocks(path):
        text = rest + block
        end = _end_of_whole(text) if len(text) < _LONGEST else len(text)
        yield text[:end]
        rest = text[end:]
    yield rest


def _end_of_whole(text: bytes) -> int:
    """Neither goes on behind a line's end; in a line, what comes behind the last text or number may."""
    if line := text.rfind(b"\n") + 1:
        return line
    opened = _NOTHING_OPEN.match(text)
    end = opened.end() if opened else 0
    return end if end < len(text) else len(text.rstrip(b"0123456789.eE+-"))


def _quoted(found: re.Match[bytes]) -> bytes:
    """Texts are passed over as a whole; whole numbers, which are not looked for, come in all their digits as they are."""
    text = found[0]
    is_long = len(text) > _KEPT and not text.startswith(b'"') and isinstance(as_number(text.decode()), str)
    return b'"' + text + b'"' if is_long else text
