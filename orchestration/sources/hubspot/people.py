"""Contacts and whatever is looked up for them: companies, owners, subscriptions, ids by e-mail address.

Comes in: the account. Goes out: objects and rows. Companies and owners are attributes: where the token may not read them, that is noted,
and contacts land without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from orchestration.sources.base import Bench
from orchestration.sources.http import RefusedError
from orchestration.sources.hubspot import activities, consents, contacts
from orchestration.sources.hubspot.associations import associated_ids, chunks
from orchestration.sources.hubspot.crm import Crm, Object
from orchestration.sources.reading.newest import Newest
from orchestration.sources.reading.oddities import Oddities
from orchestration.sources.reading.records import Row
from orchestration.sources.reading.values import below

_COMPANY_STAMP = "hs_lastmodifieddate"
_EVENTS_AT_ONCE, _EMAILS_AT_ONCE = 1000, 100


class People:
    """What one run knows of the people of an account."""

    def __init__(self, crm: Crm, mapped: Callable[[], Mapping[str, str]], note: Callable[[str], None], odd: Oddities) -> None:
        """`mapped`: column → property of a contact that is asked for; `odd` hears of what cannot be understood."""
        self._crm, self._mapped, self._note, self.odd = crm, mapped, note, odd
        self._companies: dict[str, Object] | None = None
        self._owners: dict[str, str] | None = None
        self._id_of: dict[str, str] = {}

    def read(self, since: int | None, bench: Bench) -> Iterator[Object]:
        """All contacts, or those changed since `since`; from a search, their companies are known by property only."""
        properties = contacts.properties(self._mapped())
        if since is None:
            return self._crm.listing("contacts", properties, bench, associated="companies", history=consents.OPT_OUT, goes_on=True)
        return self._crm.changed("contacts", contacts.STAMP, since, properties, bench, associated="companies")

    def of_changed_companies(self, changed: Newest, lag: timedelta, bench: Bench) -> Iterator[Object]:
        """The contacts of companies that changed themselves: what a contact says of its company is as new as the company."""
        found = self._allowed(
            "companies", lambda: self._crm.changed("companies", _COMPANY_STAMP, changed.before(lag), [_COMPANY_STAMP], bench)
        )
        ids = [one["id"] for one in changed.watched(found, lambda one: below(one, "properties", _COMPANY_STAMP) or one.get("updatedAt"))]
        whose = dict.fromkeys(self._crm.associations.of("companies", "contacts", ids))
        return self._crm.read("contacts", whose, contacts.properties(self._mapped()), associated="companies")

    def companies(self, bench: Bench) -> Mapping[str, Object]:
        """Id → company."""
        if self._companies is None:
            listed = self._allowed("companies", lambda: self._crm.listing("companies", contacts.COMPANY, bench))
            self._companies = {one["id"]: one for one in listed}
        return self._companies

    def owners(self) -> Mapping[str, str]:
        """Id → name of an owner."""
        if self._owners is None:
            self._owners = {str(one["id"]): contacts.owner_name(one) for one in self._allowed("owners", self._crm.owners)}
        return self._owners

    def of_contacts(self, kind: str, made: Callable[[Object], Iterable[Row]]) -> Callable[[Object], list[Row]]:
        """`made` of what belongs to a contact, nothing of anything else."""

        def rows(one: Object) -> list[Row]:
            if associated_ids(one, "contacts"):
                return list(made(one))
            self._note(f"{kind} of no contact are left out: nobody can be told from them")
            return []

        return rows

    def subscriptions(self, found: Iterator[Object]) -> Iterator[Row]:
        """What these contacts have subscribed to."""
        for some in chunks(found, _EMAILS_AT_ONCE):
            ids = _by_email(some)
            told = self._crm.subscription_statuses(list(ids)) if ids else ()
            yield from self.odd.each("subscription statuses", told, partial(consents.subscribed, ids))

    def email_events(self, events: Iterator[Object], bench: Bench | None) -> Iterator[Row]:
        """The events of contacts; `bench` where all contacts are listed tonight anyway."""
        for some in chunks(events, _EVENTS_AT_ONCE):
            self._learn({str(event.get("recipient", "")).lower() for event in some}, bench)
            yield from self.odd.each("e-mail events", some, partial(activities.email_event, contact_of=self._id_of))

    def _learn(self, emails: set[str], bench: Bench | None) -> None:
        if bench is not None and not self._id_of:
            self._remember(self.read(None, bench))
        for some in chunks(sorted(emails - self._id_of.keys() - {""}), _EMAILS_AT_ONCE):
            asked = [{"propertyName": "email", "operator": "IN", "values": some}]
            self._remember(self._crm.searched("contacts", asked, ["email"]))
        if emails - self._id_of.keys() - {""}:
            self._note("email_events of addresses that no contact has are left out: nobody can be told from them")

    def _remember(self, found: Iterator[Object]) -> None:
        self._id_of |= _by_email(found)

    def _allowed(self, kind: str, asked: Callable[[], Iterator[Any]]) -> list[Any]:
        try:
            return list(asked())
        except RefusedError as error:
            if error.status != 403:
                raise
            self._note(f"contacts land without their {kind}: {error}")
            return []


def _by_email(found: Iterable[Object]) -> dict[str, str]:
    return {str(email).lower(): one["id"] for one in found if (email := below(one, "properties", "email"))}
