"""What happened with contacts of a HubSpot account, read night by night: engagements, tickets, answers, e-mail events.

Comes in: the account, and where each stream stands. Goes out: readings. All but e-mail events can be archived, which no search shows: so
the ids of what is archived are listed every night, and a row of an id that was spoken of, and is not told again, has vanished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from orchestration.sources.base import Bench, Position
from orchestration.sources.hubspot import activities
from orchestration.sources.hubspot.crm import Crm, Object
from orchestration.sources.hubspot.nights import LAG, Nights, Rows
from orchestration.sources.hubspot.people import People
from orchestration.sources.reading.newest import Newest
from orchestration.sources.reading.records import Row
from orchestration.sources.streams import Reading

STAMP = "hs_lastmodifieddate"  # of everything but contacts


class Happenings:
    """Those of one account; `scales`: kind of survey → lowest and highest answer; `now`: our clock."""

    def __init__(
        self, crm: Crm, people: People, nights: Nights, scales: Mapping[str, tuple[float, float]], now: Callable[[], datetime]
    ) -> None:
        self._crm, self._people, self._nights, self._scales, self._now = crm, people, nights, scales, now

    def engagements(self, kind: str) -> Callable[[Position, Bench], Reading]:
        """How the engagements of a kind are read."""

        def rows(found: Iterator[Object]) -> Iterator[Row]:
            return self._people.odd.each(kind, self._people.with_contacts(kind, found), partial(activities.engagement, kind=kind))

        properties = activities.engagement_properties(kind)
        return lambda known, bench: self._of_contacts(known, bench, kind, properties, rows, ("interaction_id", f"{kind}:"))

    def tickets(self, known: Position, bench: Bench) -> Reading:
        """Tickets of contacts."""

        def rows(found: Iterator[Object]) -> Iterator[Row]:
            return self._people.odd.each("tickets", self._people.with_contacts("tickets", found), activities.ticket)

        return self._of_contacts(known, bench, "tickets", activities.TICKET, rows, ("ticket_id", ""))

    def feedback(self, known: Position, bench: Bench) -> Reading:
        """Answers to surveys."""

        def rows(found: Iterator[Object]) -> Iterator[Row]:
            return self._people.odd.each("feedback submissions", found, partial(activities.feedback, scales=self._scales))

        return self._of_contacts(known, bench, "feedback_submissions", activities.FEEDBACK, rows, ("response_id", ""))

    def email_events(self, known: Position, bench: Bench) -> Reading:
        """E-mail events, which never change."""
        newest, began = Newest(known.get("since")), self._now()
        events = self._crm.email_events(newest.before(LAG))
        found = newest.watched(events, lambda event: event.get("created"))
        rows = self._people.email_events(found, None if known else bench)
        return Reading(rows, lambda: {"since": newest.until(began)}, not known)

    def _of_contacts(
        self, known: Position, bench: Bench, kind: str, properties: Sequence[str], rows: Rows, key: tuple[str, str]
    ) -> Reading:
        """Objects that belong to contacts. `key`: the column that names an object, and what stands before its id there."""
        spoken_of: list[Sequence[str]] = []

        def asked(since: int | None) -> Iterator[Object]:
            if since is None:
                return self._crm.listing(kind, properties, bench, associated="contacts", goes_on=True)
            spoken_of.extend((f"{key[1]}{one['id']}",) for one in self._crm.listing(kind, [], bench, archived=True))
            return self._crm.changed(kind, STAMP, since, properties, bench, associated="contacts")

        def told(found: Iterator[Object]) -> Iterator[Object]:
            for one in found:
                spoken_of.append((f"{key[1]}{one['id']}",))
                yield one

        reading = self._nights.reading(known, asked, STAMP, lambda found: rows(told(found)), bench)
        return Reading(reading.rows, reading.position, reading.complete, None if reading.complete else ((key[0],), spoken_of))
