"""Numbers of JSON with more digits than a double holds: readers make doubles of fractions, and the digits that these drop are cents.

Comes in: JSON as bytes. Goes out: the same with such numbers as texts, which the typed reading takes digit by digit. Of nearly all files
and pages a look at the bytes says that there is no such number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import orjson

_KEPT = 15  # digits that every double keeps
_DIGITS = bytes(ord("0") if chr(byte) in "0123456789." else ord(" ") for byte in range(256))
_RUN = b"0" * (_KEPT + 1)
_BARE = re.compile(rb"[\[:,\s]-?[0-9.]{%d}" % len(_RUN))
_FRACTION = re.compile(rb"[0-9]++(?:\.[0-9]++(?:[eE][+-]?[0-9]++)?|[eE][+-]?[0-9]++)")
_MOST = 18  # digits and a point of what a double is written as, without zeros before and behind
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
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
        target.writelines(map(_exact, _whole_parts(path)))
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


def _exact(part: bytes) -> bytes:
    """The part with such numbers between quotes. Only runs of digits are looked at, and between them quotes are counted: a search that
    tells every text and number takes four times as long. Whole numbers are not looked for: they come in all their digits as they are.
    """
    runs = _runs(part)
    texts = [part[begin:end] for begin, end in runs]
    pieces, kept = list[bytes](), 0
    for (begin, end), text, double in zip(runs, texts, _as_doubles(texts), strict=True):
        if part[end : end + 1] in (b"e", b"E", b"") or not double:
            text = _fraction(part, begin)
        elif not _differs(text, double):
            continue
        if text:
            start = begin - (part[begin - 1 : begin] == b"-")
            pieces += part[kept:start], part[start : begin + len(text)]
            kept = begin + len(text)
    return b'"'.join((*pieces, part[kept:]))


def _runs(part: bytes) -> list[tuple[int, int]]:
    """Where long runs of digits begin and end that are in no text."""
    digits, found, end, is_text = part.translate(_DIGITS) + b" ", list[tuple[int, int]](), 0, 0
    quotes = _quotes if b"\\" in part else bytes.count
    while (begin := digits.find(_RUN, end)) >= 0:
        is_text ^= quotes(part, b'"', end, begin) & 1
        end = digits.find(b" ", begin)
        if not is_text:
            found.append((begin, end))
    return found


def _quotes(part: bytes, quote: bytes, begin: int, end: int) -> int:
    """How many quotes begin or end a text."""
    return _ESCAPED.sub(b"", part[begin:end]).count(quote)


def _as_doubles(texts: Sequence[bytes]) -> Sequence[bytes]:
    """How doubles are written that are nearest to the numbers, all read and written at once; nothing where one is no number."""
    try:
        return orjson.dumps(orjson.loads(b"[%b]" % b",".join(texts)))[1:-1].split(b",")[: len(texts)]
    except orjson.JSONDecodeError:
        return [b""] * len(texts)


def _differs(text: bytes, double: bytes) -> bool:
    """Whether a fraction is another number than the double nearest to it."""
    if text == double or b"." not in text:
        return False
    return len(text.strip(b"0.")) > _MOST or Decimal(text.decode()) != Decimal(double.decode())


def _fraction(part: bytes, begin: int) -> bytes:
    """The fraction that begins there, as it is written; nothing where there is none, or a double is the same number."""
    found = _FRACTION.match(part, begin)
    return found[0] if found and isinstance(as_number(found[0].decode()), str) else b""
