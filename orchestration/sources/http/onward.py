"""A list that is paged for ever: a vendor, or what stands in between, that sends back to where we were.

Comes in: the place behind which each next page begins, as the vendor tells it. Goes out: the same, or SourceError.
"""

from __future__ import annotations

from typing import TypeVar

from orchestration.sources.base import SourceError

Place = TypeVar("Place")


class Onward:
    """The places of one list, `what`, none of which comes twice."""

    def __init__(self, what: str) -> None:
        self._what, self._seen = what, set[object]()

    def to(self, place: Place) -> Place:
        """`place`. Raises SourceError where it came before: the pages behind it would come again, for ever, and what follows them never."""
        if place in self._seen:
            raise SourceError(
                f"{self._what}: a page is told to go on behind itself or an earlier one, so that the list would never end; what had landed"
                " stays, the next run asks again"
            )
        self._seen.add(place)
        return place
