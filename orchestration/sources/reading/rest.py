"""Exports that are being written at this moment: what a file lacks because nobody has written it yet must not look as if it were deleted.

Comes in: a place, a part of it, the seconds that whoever writes it may pause. Goes out: what tells that it has changed, once it rests. Only
what was changed a moment ago is waited for, so that files of an hour ago cost nothing. A writer that pauses for longer shows only by a last
line that has no end where it had one before (docs/decisions/0064): let it write under another name and rename the file when it is whole.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from os import SEEK_END
from pathlib import Path
from time import sleep, time_ns
from typing import Any

from orchestration.sources.base import SourceError
from orchestration.sources.reading.places import Place

_LOOKS = 30
_LONGEST_PAUSE = 600.0  # seconds, which is as long as settle_seconds may be; a text that nobody has touched for so long is what it is
_LINES = (".csv", ".tsv", ".jsonl", ".ndjson")


def at_rest(place: Place, part: str, seconds: float) -> Mapping[str, Any]:
    """The stamp of a part that nobody has changed for `seconds`. Raises SourceError where somebody goes on and on, or removes it."""
    stamp = place.stamp(part)
    for _ in range(_LOOKS):
        if not _is_fresh(stamp, seconds):
            return stamp
        sleep(seconds)
        before, stamp = stamp, place.stamp(part)
        if stamp == before:
            return stamp
    raise SourceError(f"{part}: the file is still being written; it is read on the next run, and rows landed from it stay")


def ends_a_line(path: Path) -> bool:
    """Whether the last line of a text has an end, in any encoding; true of files that are not lines of text as they lie there: a packed one
    that is cut off cannot be read, nor can a document.
    """
    if not path.name.lower().endswith(_LINES):
        return True
    with path.open("rb") as file:
        file.seek(-min(2, file.seek(0, SEEK_END)), SEEK_END)
        return file.read().rstrip(b"\0").endswith((b"\n", b"\r"))


def require_end(part: str, stamp: Mapping[str, Any], known: Mapping[str, Any], is_ended: bool) -> None:
    """Raise SourceError where the last line lacks the end that it had when the file landed last, and somebody may be about to write it. A
    last line without an end is a whole one to whoever reads it: with the first half of a value.
    """
    if known.get("ends_a_line") and not is_ended and _is_fresh(stamp, _LONGEST_PAUSE):
        raise SourceError(
            f"{part}: its last line has no end and had one before, as if the file were still being written; it is read on the first run ten"
            " minutes after its last change, and rows landed from it stay"
        )


def come_back(place: Place, table: str, gone: Collection[str], seconds: float) -> set[str]:
    """Those of the parts that were not there and are again: somebody removes a file and writes it anew."""
    if not gone:
        return set()
    sleep(seconds)
    return set(gone) & set(place.parts(table))


def _is_fresh(stamp: Mapping[str, Any], seconds: float) -> bool:
    """Whether it was changed a moment ago, by clocks that may differ a little; an object of a store is there whole or not at all."""
    return "mtime_ns" in stamp and abs(time_ns() - int(stamp["mtime_ns"])) < seconds * 1e9
