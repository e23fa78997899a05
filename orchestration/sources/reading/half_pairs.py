"""Halves of surrogate pairs in JSON: what cuts a text after so many UTF-16 units cuts an emoji in two, and writes one half as it is.

Comes in: JSON as a file. Goes out: a copy in which each half is a question mark, as it is in what vendors answer. DuckDB refuses the whole
file for one of them. Lines stay lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

# What a backslash begins: a pair, a half of one, anything else that is escaped, or nothing more in this block.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.|\Z)",
    re.DOTALL,
)
_LONGEST = len(rb"\ud83d\ude00")
_BLOCK = 1 << 20


def without_halves(path: Path, scratch: Path) -> Path:
    """A copy of the file in `scratch`, with a question mark for every half of a pair."""
    copy = scratch / f"whole-{path.name}"
    with path.open("rb") as file, copy.open("wb") as target:
        target.writelines(_mended(iter(lambda: file.read(_BLOCK), b"")))
    return copy


def _mended(blocks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        text = rest + block
        end = next((found.start() for found in _ESCAPE.finditer(text) if found.end() > len(text) - _LONGEST), len(text))
        yield _ESCAPE.sub(_whole, text[:end])
        rest = text[end:]
    yield _ESCAPE.sub(_whole, rest)


def _whole(found: re.Match[bytes]) -> bytes:
    return b"?" if found["half"] else found[0]
