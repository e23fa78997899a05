"""What happened with contacts of a HubSpot account, read night by night: engagements, tickets, answers, e-mail events.

Comes in: the account, and where each stream stands. Goes out: readings. All but e-mail events can be archived, which no search shows: so
the ids of what is archived are listed every night, and a row of an id that was spoken of, and is not told again, has vanished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from orchestration.sources.base import Bench, Position
from orchestration.sources.hubspot import activities
from orchestration.sources.hubspot.crm import Crm, Object
from orchestration.sources.hubspot.nights import LAG, Nights
from orchestration.sources.hubspot.people import People
from orchestration.sources.reading.again import is_wanted
from orchestration.sources.reading.newest import Newest
from orchestration.sources.reading.records import Row
from orchestration.sources.streams import Reading

STAMP = "hs_lastmodifieddate"  # of everything but contacts

Made = Callable[[Object], Iterable[Row]]


class Happenings:
    """Those of one account; `scales`: kind of survey → lowest and highest answer; `now`: our clock."""

    def __init__(
        self, crm: Crm, people: People, nights: Nights, scales: Mapping[str, tuple[float, float]], now: Callable[[], datetime]
    ) -> None:
        self._crm, self._people, self._nights, self._scales, self._now = crm, people, nights, scales, now

    def engagements(self, kind: str) -> Callable[[Position, Bench], Reading]:
        """How the engagements of a kind are read."""

        properties = activities.engagement_properties(kind)
        made = self._people.of_contacts(kind, partial(activities.engagement, kind=kind))
        return lambda known, bench: self._told(known, bench, kind, properties, made, ("interaction_id", f"{kind}:"))

    def tickets(self, known: Position, bench: Bench) -> Reading:
        """Tickets of contacts."""
        made = self._people.of_contacts("tickets", activities.ticket)
        return self._told(known, bench, "tickets", activities.TICKET, made, ("ticket_id", ""))

    def feedback(self, known: Position, bench: Bench) -> Reading:
        """Answers to surveys."""
        made, key = partial(activities.feedback, scales=self._scales), ("response_id", "")
        return self._told(known, bench, "feedback_submissions", activities.FEEDBACK, made, key)

    def email_events(self, known: Position, bench: Bench) -> Reading:
        """E-mail events, which never change."""
        newest, began = Newest(None if is_wanted(known, self._now()) else known.get("since")), self._now()
        events = self._crm.email_events(newest.before(LAG))
        found = newest.watched(events, lambda event: event.get("created"))
        rows = self._people.email_events(found, None if known else bench)
        return Reading(rows, lambda: {"since": newest.until(began)}, not known)

    def _told(self, known: Position, bench: Bench, kind: str, properties: Sequence[str], made: Made, key: tuple[str, str]) -> Reading:
        """Objects beside the contacts they belong to. `key`: the column that names an object, and what stands before its id there."""
        spoken_of: list[str] = []

        def asked(since: int | None) -> Iterator[Object]:
            if since is None:
                return self._crm.listing(kind, properties, bench, associated="contacts", goes_on=True)
            spoken_of.extend(f"{key[1]}{one['id']}" for one in self._crm.listing(kind, [], bench, archived=True))
            return self._crm.changed(kind, STAMP, since, properties, bench, associated="contacts")

        def rows(one: Object) -> list[Row]:
            told = list(made(one))
            if told or not self._people.odd.found:  # else what ties it to a contact may be what could not be read
                spoken_of.append(f"{key[1]}{one['id']}")
            return told

        reading = self._nights.reading(known, asked, STAMP, lambda found: self._people.odd.each(kind, found, rows), bench)
        return replace(reading, scope=None if reading.complete else (key[0], spoken_of))
