"""From where a stream of HubSpot is read tonight: everything at first and every `full_every`, else what changed.

Comes in: the position of the last night, a way to ask. Goes out: a reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestration.sources.base import Bench, Position
from orchestration.sources.hubspot.associations import Object
from orchestration.sources.reading.newest import Newest
from orchestration.sources.reading.pages import Pages
from orchestration.sources.reading.records import Row
from orchestration.sources.reading.values import below
from orchestration.sources.streams import Reading, is_due

LAG = timedelta(hours=1)  # the index behind searches shows some objects late
Asked = Callable[[int | None], Iterator[Object]]
Rows = Callable[[Iterator[Object]], Iterable[Row]]


@dataclass(frozen=True)
class Nights:
    """`now` is our clock; `pages` know since when a list of all there is has been read."""

    now: Callable[[], datetime]
    full_every: timedelta
    pages: Pages

    def reading(self, known: Position, asked: Asked, stamp: str, rows: Rows, bench: Bench) -> Reading:
        """What `asked` answers for all there is (None), or since a time in milliseconds; `stamp` is the property of the last change."""
        is_full = is_due(known, self.full_every, self.now())
        newest = Newest(known.get("since"))
        found = newest.watched(
            asked(None if is_full else newest.before(LAG)), lambda one: below(one, "properties", stamp) or one.get("updatedAt")
        )
        began = self.pages.began(bench) if is_full else self.now()
        read_at = began.isoformat(timespec="seconds")
        return Reading(rows(found), lambda: {"since": newest.until(began), "full_at": read_at if is_full else known["full_at"]}, is_full)

    def once(self, known: Position, asked: Asked, stamp: str, rows: Rows, bench: Bench) -> Reading:
        """The same of what was stated once and stays stated: complete the first time only."""
        reading = self.reading(known, asked, stamp, rows, bench)
        return Reading(reading.rows, reading.position, not known)
