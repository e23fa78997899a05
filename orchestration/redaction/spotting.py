"""Finding identifiers in bytes, thousands of them about as fast as a few.

Comes in: identifiers, each with a pattern of its spellings; bytes. Goes out: where one of them stands alone.
Of each a run of signs is chosen that every spelling has alike. The ends of all runs are looked up at all places of the bytes at once, and
only where one is found the pattern decides: Python's `re` tries an alternation of thousands at every byte, a few kilobytes a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import IO

import numpy as np

# A file is read in chunks that overlap: what begins within the margin of one is told by the next.
_CHUNK, MARGIN = 8 << 20, 2048
_SIZES = (8, 4)
_LONGEST_SIGN = 16  # bytes, in JSON inside JSON
# So few are faster looked for one after the other.
_FEW = 24
_BITS = 20
# A phone number of which the code of the country is told by a blank behind it, and what people put between the digits of one.
NUMBER = re.compile(r"\+(\d{1,3}) (\d{5,14})")
GAPS = (*" -/.()", "\N{NO-BREAK SPACE}")
_PLAIN = re.compile(r"[a-z0-9._-]+")
# A letter before an identifier may be the end of another sign: of a line break in JSON (`\\n`), of `=` in an address of the web (`%3D`).
ENDS_OF_SIGNS = (r"\\[bfnrt]", r"\\u[0-9a-f]{4}", r"%[0-9a-f]{2}")
# An export is named after whom it is of as often as not: ann@x.org.csv is ann@x.org, as ann@x.org.uk is not.
ENDINGS = r"(?:\.(?:csv|tsv|jsonl?|ndjson|parquet|xlsx|txt|html?|log|gz|zst))*"
_ALONE = (
    rb"(?i)(?:(?<![\w.+-])|"
    + b"|".join(b"(?<=%s)" % end.encode() for end in ENDS_OF_SIGNS)
    + rb")(?:%s)(?="
    + ENDINGS.encode()
    + rb"\.?(?:$|[^\w.-]))"
)
_FACTORS = {8: np.uint64(0x9E3779B97F4A7C15), 4: np.uint32(0x9E3779B1)}


class Spotter:
    """Finds the keys of `spellings` (text in lower case → pattern of all its spellings, for bytes)."""

    def __init__(self, spellings: Mapping[str, bytes]) -> None:
        self._spellings = spellings
        self._runs = [(text, run) for text in spellings for run in _runs(text)]
        self._short = [text for text, run in self._runs if len(run) < min(_SIZES)]
        self._long = [(text, run) for text, run in self._runs if len(run) >= min(_SIZES)]
        # size → the last bytes of a run, as a number → whose, and the run
        self._pieces: dict[int, dict[int, list[tuple[str, bytes]]]] = {size: {} for size in _SIZES}
        for text, run in self._runs:
            size = next((size for size in _SIZES if len(run) >= size), None)
            if size:
                self._pieces[size].setdefault(int.from_bytes(run[-size:], "little"), []).append((text, run))
        self._patterns: dict[str, re.Pattern[bytes]] = {}

    def spans(self, content: bytes) -> Iterator[tuple[int, int]]:
        """Where one of them stands alone, in order and apart from each other."""
        found = sorted({span for text, at in self._candidates(content) for span in self._alone(text, content, at)})
        end = 0
        for start, after in found:
            if start >= end:
                yield start, after
                end = after

    def alone(self, content: bytes) -> set[str]:
        """Which of them stand alone in the bytes."""
        found: set[str] = set()
        for text, at in self._candidates(content):
            if text not in found and any(True for _ in self._alone(text, content, at)):
                found.add(text)
        return found

    def inside(self, content: bytes) -> set[str]:
        """Which of them the bytes hold as they are, in small letters or capitals, alone or within something longer."""
        lowered = content.lower()
        return {text for text in dict(self._candidates(content)) if text.encode() in lowered}

    def are_in_file(self, file: IO[bytes]) -> bool:
        """Whether one stands alone in a file of any length."""
        return any(
            _is_told(start, len(chunk), is_first, is_last) for chunk, is_first, is_last in _chunks(file) for start, _ in self.spans(chunk)
        )

    def inside_file(self, file: IO[bytes]) -> set[str]:
        """`inside` of a file of any length."""
        return {text for chunk, *_ in _chunks(file) for text in self.inside(chunk)}

    def _candidates(self, content: bytes) -> Iterator[tuple[str, int]]:
        """(text, place of its run); -1 for a text that is to be tried everywhere."""
        yield from ((text, -1) for text in self._short)
        lowered = content.lower()
        if len(self._runs) < _FEW:
            yield from ((text, at) for text, run in self._long for at in _places(lowered, run))
            return
        for text, run, end in self._sifted(lowered):
            if lowered.endswith(run, 0, end):
                yield text, end - len(run)

    def _sifted(self, lowered: bytes) -> Iterator[tuple[str, bytes, int]]:
        """(text, a run of its, place behind the last bytes of that), looked up at all places at once."""
        for size, pieces in self._pieces.items():
            for shift in range(size) if pieces else ():
                count = (len(lowered) - shift) // size
                if count > 0:
                    values = np.frombuffer(lowered, f"<u{size}", count, shift)
                    for place in np.flatnonzero(self._sieves[size][_bucket(values, size)]).tolist():
                        yield from ((*whose, shift + size * (place + 1)) for whose in pieces.get(int(values[place]), ()))

    @cached_property
    def _sieves(self) -> dict[int, np.ndarray]:
        sieves = {size: np.zeros(1 << _BITS, dtype=bool) for size in _SIZES}
        for size, pieces in self._pieces.items():
            sieves[size][_bucket(np.array(list(pieces), dtype=f"<u{size}"), size)] = True
        return sieves

    def _alone(self, text: str, content: bytes, at: int) -> Iterator[tuple[int, int]]:
        if at < 0:
            yield from (match.span() for match in self._pattern(text).finditer(content))
            return
        reach = min(MARGIN // 2, _LONGEST_SIGN * (len(text) + 2))
        first = max(0, at - reach)
        for match in self._pattern(text).finditer(content[first : at + reach]):
            if first + match.start() <= at < first + match.end():
                yield first + match.start(), first + match.end()

    def _pattern(self, text: str) -> re.Pattern[bytes]:
        if text not in self._patterns:
            self._patterns[text] = re.compile(_ALONE.replace(b"%s", self._spellings[text]))
        return self._patterns[text]


def _runs(text: str) -> list[bytes]:
    """One, or of a phone number its last four digits with what may part them in the middle."""
    if NUMBER.fullmatch(text):
        return [f"{text[-4:-2]}{gap}{text[-2:]}".encode() for gap in ("", *GAPS)]
    return [_run(text)]


def _run(text: str) -> bytes:
    """The longest stretch of signs that every spelling has alike; of an address before the @, for many share what is after it."""
    front = text.split("@")[0]
    stretches = _PLAIN.findall(front) if len(front) >= min(_SIZES) else _PLAIN.findall(text)
    return max(stretches, key=len, default="").encode()


def _places(content: bytes, run: bytes) -> Iterator[int]:
    at = -1
    while (at := content.find(run, at + 1)) >= 0:
        yield at


def _bucket(values: np.ndarray, size: int) -> np.ndarray:
    return (values * _FACTORS[size]) >> np.array(8 * size - _BITS, dtype=values.dtype)


def _chunks(file: IO[bytes]) -> Iterator[tuple[bytes, bool, bool]]:
    """(chunk, whether it is the first, whether it is the last); each begins with the end of the one before."""
    chunk, is_first = file.read(_CHUNK), True
    while True:
        further = file.read(_CHUNK)
        yield chunk, is_first, not further
        if not further:
            return
        chunk, is_first = chunk[-2 * MARGIN :] + further, False


def _is_told(start: int, length: int, is_first: bool, is_last: bool) -> bool:
    return (is_first or start >= MARGIN) and (is_last or start < length - MARGIN)
