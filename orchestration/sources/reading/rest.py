"""Exports that are being written at this moment: what a file lacks because nobody has written it yet must not look as if it were deleted.

Comes in: a place, a part of it, the seconds that whoever writes it may pause. Goes out: what tells that it has changed, once it rests. Only
what was changed a moment ago is waited for, so that files of an hour ago cost nothing. A writer that pauses for longer is not noticed: let
it write under another name and rename the file when it is whole.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from time import sleep, time_ns
from typing import Any

from orchestration.sources.base import SourceError
from orchestration.sources.reading.places import Place

_LOOKS = 30


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


def come_back(place: Place, table: str, gone: Collection[str], seconds: float) -> set[str]:
    """Those of the parts that were not there and are again: somebody removes a file and writes it anew."""
    if not gone:
        return set()
    sleep(seconds)
    return set(gone) & set(place.parts(table))


def _is_fresh(stamp: Mapping[str, Any], seconds: float) -> bool:
    """Whether it was changed a moment ago, by clocks that may differ a little; an object of a store is there whole or not at all."""
    return "mtime_ns" in stamp and abs(time_ns() - int(stamp["mtime_ns"])) < seconds * 1e9
