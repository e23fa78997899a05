"""What one run asks of a HubSpot account.

Comes in: the API. Goes out: objects as HubSpot sends them. A list cannot be asked for what changed, and a search ends after 10,000 results:
so a search is sorted by id and goes on behind the last id it has seen, page by page. That neither loops nor loses a row, however many
objects changed in the same millisecond, and whatever is added or removed while it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from orchestration.sources.base import Bench
from orchestration.sources.http import Api, Onward, RefusedError
from orchestration.sources.hubspot.associations import Associations, chunks
from orchestration.sources.hubspot.scopes import with_scope
from orchestration.sources.reading.pages import Page, Pages
from orchestration.sources.reading.values import below

Object = Mapping[str, Any]

_PAGE, _HISTORY_PAGE, _SEARCH_PAGE, _BATCH = 100, 50, 200, 100

_NEEDED = {"owners": ("id",), "email_events": ("id",), "subscription statuses": ()}


class Crm:
    """The objects of one account. `absent` are the kinds that it does not have."""

    def __init__(self, api: Api, pages: Pages, version: str) -> None:
        self._api, self._kept = api, pages
        self._objects, self._properties = (
            f"/crm/{version}/{what}" if version.startswith("v") else f"/crm/{what}/{version}" for what in ("objects", "properties")
        )
        self.associations = Associations(api, self._objects)
        self.absent: dict[str, None] = {}

    def listing(
        self,
        kind: str,
        properties: Sequence[str],
        bench: Bench,
        *,
        associated: str = "",
        history: str = "",
        archived: bool = False,
        goes_on: bool = False,
    ) -> Iterator[Object]:
        """All objects of a kind, or all archived ones, with the ids of what they are associated with and the history of a property.

        goes_on  a run that is killed may have read the beginning
        """
        params: dict[str, Any] = {"limit": _HISTORY_PAGE if history else _PAGE, "properties": ",".join(properties)}
        params |= {"archived": "true" if archived else "false"}
        params |= {"associations": associated} if associated else {}
        params |= {"propertiesWithHistory": history} if history else {}
        # What was asked for is part of the name: a list that is kept tells nothing of a property that the account did not have then.
        name, path = f"{kind}, archived: {archived}, {params['properties']}", f"{self._objects}/{kind}"

        def asked(last: Page | None) -> Iterator[Page]:
            for page in self._pages(kind, path, params, last):
                yield {**page, "results": self.associations.completed(kind, associated, page["results"])} if associated else page

        return self._kept.objects(name, "results", asked, bench, goes_on=goes_on)

    def changed(
        self, kind: str, stamp: str, since: int, properties: Sequence[str], bench: Bench, *, associated: str = ""
    ) -> Iterator[Object]:
        """The objects whose property `stamp` is `since` (in milliseconds) or later, with what they are associated with."""

        def asked(_: Page | None) -> Iterator[Page]:
            for page in self._searched(kind, [{"propertyName": stamp, "operator": "GTE", "value": str(since)}], properties):
                found = page["results"]
                yield {"results": list(self.associations.beside(kind, associated, iter(found))) if associated else found}

        return self._kept.objects(f"{kind} by {stamp} since {since}", "results", asked, bench)

    def searched(self, kind: str, filters: Sequence[Mapping[str, Any]], properties: Sequence[str]) -> Iterator[Object]:
        """The objects that all of `filters` hold for, by id."""
        return chain.from_iterable(page["results"] for page in self._searched(kind, filters, properties))

    def _searched(self, kind: str, filters: Sequence[Mapping[str, Any]], properties: Sequence[str]) -> Iterator[Page]:
        last, after, onward = "", "0", Onward(f"the search for {kind}")
        while True:
            behind = [{"propertyName": "hs_object_id", "operator": "GT", "value": last}] if last else []
            query = {
                "filterGroups": [{"filters": [*filters, *behind]}],
                "sorts": ["hs_object_id"],
                "properties": list(properties),
                "limit": _SEARCH_PAGE,
                "after": after,
            }
            page = self._page(kind, f"{self._objects}/{kind}/search", query)
            yield page
            following = below(page, "paging", "next", "after")
            if not page.get("paging") or not (page["results"] or following):
                return
            # A page of which all has gone since it was indexed tells no id to go on behind.
            last, after = onward.to((page["results"][-1]["id"], "0") if page["results"] else (last, str(following)))

    def read(self, kind: str, ids: Iterable[str], properties: Sequence[str], *, associated: str) -> Iterator[Object]:
        """The objects with these ids, those that are archived or gone left out."""
        for some in chunks(ids, _BATCH):
            asked = {"properties": list(properties), "propertiesWithHistory": [], "inputs": [{"id": one} for one in some]}
            found = self._page(kind, f"{self._objects}/{kind}/batch/read", asked)["results"]
            yield from self.associations.beside(kind, associated, iter(found))

    def with_history(self, one: Object, prop: str) -> Object:
        """The object with the history of a property; as it is where it is gone since it was found."""
        try:
            asked = {"properties": prop, "propertiesWithHistory": prop}
            found = self._api.get(f"{self._objects}/contacts/{one['id']}", asked, holds="id")
        except RefusedError as error:
            if error.status != 404:
                raise
            return one
        return {**one, "propertiesWithHistory": found.get("propertiesWithHistory")}

    def probe(self, kind: str) -> int:
        """How many objects of a kind the first page has; raises what stands in the way of reading them."""
        return len(self._api.get(f"{self._objects}/{kind}", {"limit": 1}, holds="results")["results"])

    def count(self, kind: str) -> int | None:
        """How many objects of a kind there are; raises what stands in the way of reading them."""
        everything = {"filterGroups": [], "sorts": [], "properties": [], "limit": 1, "after": "0"}
        total = self._page(kind, f"{self._objects}/{kind}/search", everything).get("total")
        return None if total is None else int(total)

    def definitions(self, kind: str, sensitivity: str) -> list[Object]:
        """What properties the objects of a kind have, as far as the token may see them."""
        try:
            told = self._api.get(f"{self._properties}/{kind}", {"dataSensitivity": sensitivity}, holds="results", each=("name",))
        except RefusedError as error:
            raise with_scope(error, "properties") from None
        return list(told["results"])

    def owners(self) -> Iterator[Object]:
        """Everybody who may own a record."""
        return chain.from_iterable(page["results"] for page in self._pages("owners", "/crm/v3/owners", {"limit": _PAGE}, None))

    def email_events(self, since: int) -> Iterator[Object]:
        """E-mail events from `since` on, in milliseconds."""
        params: dict[str, Any] = {"limit": 1000, "startTimestamp": since}
        onward = Onward("the e-mail events")
        while True:
            page = self._page("email_events", "/email/public/v1/events", None, params, holds="events")
            yield from page["events"]
            if not page.get("hasMore"):
                return
            params["offset"] = onward.to(page["offset"])

    def subscription_statuses(self, emails: Sequence[str]) -> Iterator[Object]:
        """What these addresses have subscribed to or not, as far as HubSpot knows any."""
        for some in chunks(emails, _BATCH):
            yield from self._page(
                "subscription statuses", "/communication-preferences/v4/statuses/batch/read?channel=EMAIL", {"inputs": some}
            )["results"]

    def _pages(self, kind: str, path: str, params: Mapping[str, Any], last: Page | None) -> Iterator[Page]:
        after, onward = below(last, "paging", "next", "after"), Onward(kind)
        while last is None or after:
            asked = {**params, "after": onward.to(after)} if after else params
            last = self._page(kind, path, None, asked)
            after = below(last, "paging", "next", "after")
            if after:
                self._api.foresee(path, {**params, "after": after})
            yield last

    def _page(self, kind: str, path: str, body: Any, params: Mapping[str, Any] | None = None, *, holds: str = "results") -> Any:
        """One page. Only contacts must be there: other kinds come with products that not every account has."""
        try:
            limit = "hubspot_search" if path.endswith("/search") else None
            each = _NEEDED.get(kind, ("id", "properties"))
            if body is None:
                return _identified(self._api.get(path, params, holds=holds, each=each), holds)
            return _identified(self._api.post(path, body, holds=holds, each=each, limit=limit), holds)
        except RefusedError as error:
            if error.status != 404 or kind == "contacts":
                raise with_scope(error, kind) from None
            self.absent[kind] = None
            return {holds: []}


def _identified(page: Any, holds: str) -> Any:
    """The page, with ids as texts wherever they came as numbers: objects are looked up by them."""
    if any(type(one.get("id")) is int for one in page[holds]):
        page[holds] = [{**one, "id": str(one["id"])} for one in page[holds]]
    return page
