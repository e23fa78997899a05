"""What is read of a HubSpot account, and when.

Comes in: settings. Goes out: streams. The first night lists everything; later nights search for what changed since an hour before the
newest change seen, and list what was archived, which no search shows. Every thirty days everything is listed again: what is gone for good,
and objects that changed without saying so, are found then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any, ClassVar

from orchestration.contract import INPUT_TABLES
from orchestration.sources.base import Bench, Position
from orchestration.sources.http import Api
from orchestration.sources.hubspot import activities, consents, contacts
from orchestration.sources.hubspot.crm import Crm, Object
from orchestration.sources.hubspot.happenings import Happenings
from orchestration.sources.hubspot.named import Named
from orchestration.sources.hubspot.nights import LAG, Asked, Nights
from orchestration.sources.hubspot.people import People
from orchestration.sources.reading.newest import Newest
from orchestration.sources.reading.records import Row
from orchestration.sources.reading.values import below
from orchestration.sources.streams import Extent, Reading, Stream, StreamSource, how_of

_ADDRESS = "https://api.hubapi.com"
_ENGAGEMENTS = ("emails", "calls", "meetings")


class Hubspot(StreamSource):
    """One account, as far as the settings want it."""

    type: ClassVar[str] = "hubspot"

    def __init__(self, api: Api, settings: Any, *, now: Callable[[], datetime]) -> None:
        super().__init__(settings, now)
        self.api = api
        self._wanted = frozenset(settings.objects)
        self._nights = Nights(now, timedelta(days=settings.full_every_days), self.pages)
        # The contract's own columns and those that a company adds to it.
        self._mapped = {**contacts.MAPPED, **settings.properties}
        self._crm = Crm(api, self.pages, settings.api_version)
        self._named = Named(self._crm, settings.properties, self.note)
        self._people = People(self._crm, lambda: self._named.there(self._mapped), self.note, self.odd)
        self._scales = {**activities.SCALES, **settings.feedback_scales}
        self._happenings = Happenings(self._crm, self._people, self._nights, self._scales, now)

    @classmethod
    def from_settings(cls, settings: Any, *, sleep: Callable[[float], None] = time.sleep) -> Hubspot:
        """The account that one `{type: hubspot, token: …}` describes."""
        headers = {"authorization": f"Bearer {settings.token}"}
        api = Api("hubspot", _ADDRESS, base_url=settings.base_url, headers=headers, sleep=sleep)
        return cls(api, settings, now=lambda: datetime.now(UTC))

    def check(self) -> None:
        """Raise SourceError when the token is refused."""
        self._crm.probe("contacts")

    def notes(self) -> list[str]:
        """What was left out, one line each."""
        return [*super().notes(), *(f"{kind}: not there (404), and taken for empty" for kind in self._crm.absent)]

    def extents(self) -> list[Extent]:
        """As many of each kind as a search finds."""
        kinds = [kind for kind in ("contacts", *_ENGAGEMENTS, "tickets", "feedback_submissions") if kind in self._wanted]
        return [Extent(kind, self._crm.count(kind), 50 if kind == "contacts" else 100, "hubspot") for kind in kinds]

    def streams(self, table: str) -> list[Stream]:
        """The objects that feed `table`, as far as they are wanted."""
        extra = tuple(sorted(self._mapped.keys() - set(INPUT_TABLES["crm_customers"].column_names)))
        mapped, scaled = how_of(sorted(self._mapped.items())), how_of(sorted(self._scales.items()))
        offered = {
            "crm_customers": [
                ("contacts", Stream("contacts", self._contacts, extra, mapped)),
                ("contacts", Stream("archived contacts", self._archived_contacts, extra, mapped)),
            ],
            "crm_consents": [
                ("consents", Stream("opt-outs", self._opt_outs)),
                ("consents", Stream("subscription statuses", self._subscription_statuses)),
            ],
            "crm_interactions": [
                *((kind, Stream(kind, self._happenings.engagements(kind))) for kind in _ENGAGEMENTS),
                ("email_events", Stream("email_events", self._happenings.email_events)),
            ],
            "crm_tickets": [("tickets", Stream("tickets", self._happenings.tickets))],
            "survey_responses": [("feedback_submissions", Stream("feedback_submissions", self._happenings.feedback, how=scaled))],
        }
        return [stream for wanted, stream in offered.get(table, []) if wanted in self._wanted]

    def _contacts(self, known: Position, bench: Bench) -> Reading:
        types = self._named.types(known.get("types", {}))

        def rows(found: Iterator[Object]) -> Iterator[Row]:
            return self.odd.each("contacts", found, partial(self._contact, bench))

        companies, began = Newest(known.get("companies_since", known.get("since"))), self._now()

        def asked(since: int | None) -> Iterator[Object]:
            found = self._people.read(since, bench)
            return found if since is None else chain(found, self._people.of_changed_companies(companies, LAG, bench))

        reading = self._nights.reading(known, asked, contacts.STAMP, rows, bench)

        def position() -> Position:
            told = reading.position()
            # Where all contacts were read, so were all companies.
            return {**told, "types": types, "companies_since": told["since"] if reading.complete else companies.until(began)}

        return Reading(reading.rows, position, reading.complete)

    def _contact(self, bench: Bench, one: Object) -> Iterator[Row]:
        return contacts.rows(one, self._mapped, self._people.companies(bench), self._people.owners())

    def _archived_contacts(self, known: Position, bench: Bench) -> Reading:
        """No search shows them and no list can be asked for the new ones, so all are read every night."""
        types = self._named.types(known.get("types", {}))
        found = self._crm.listing("contacts", contacts.properties(self._mapped), bench, archived=True)
        rows = self.odd.each("archived contacts", found, lambda one: self._contact(bench, {**one, "archived": True}))
        return Reading(rows, lambda: {"types": types}, True)

    def _opt_outs(self, known: Position, bench: Bench) -> Reading:
        def rows(found: Iterator[Object]) -> Iterator[Row]:
            out = (
                one for one in found if str(below(one, "properties", consents.OPT_OUT)).lower() == "true" or "propertiesWithHistory" in one
            )
            whole = (one if "propertiesWithHistory" in one else self._crm.with_history(one, consents.OPT_OUT) for one in out)
            return self.odd.each("opt-outs", whole, consents.opt_outs)

        return self._nights.once(known, self._people_since(bench), contacts.STAMP, rows, bench)

    def _subscription_statuses(self, known: Position, bench: Bench) -> Reading:
        return self._nights.once(known, self._people_since(bench), contacts.STAMP, self._people.subscriptions, bench)

    def _people_since(self, bench: Bench) -> Asked:
        return lambda since: self._people.read(since, bench)
