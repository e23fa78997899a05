"""What one run asks of a Zendesk account.

Comes in: the API. Goes out: objects as Zendesk sends them. Tickets come as an export with a cursor, which is all that has to be kept:
behind it are the tickets that changed since, deleted ones among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from orchestration.sources.base import Bench, SourceError
from orchestration.sources.http import Api, Onward, RefusedError, most_likely
from orchestration.sources.reading.pages import Page, Pages
from orchestration.sources.reading.values import below, first_filled

Object = Mapping[str, Any]

_MANY = 100
_BESIDE = "users,metric_sets"
_EXPORT, _LIMIT = "/api/v2/incremental/tickets/cursor", "zendesk_incremental"
_STAFF = ("agent", "admin")  # others are end-user
_WHO = "only an administrator may export tickets: name one in `email`"


class Support:
    """The tickets, users and ratings of one account."""

    def __init__(self, api: Api, pages: Pages) -> None:
        self._api, self._kept = api, pages
        self._first: dict[str | None, Any] = {}
        self._taken: set[str] = set()
        self.absent: dict[str, None] = {}
        self._metrics: dict[str, Object] | None = None
        self._users: dict[str, Object] = {}

    def probe(self) -> None:
        """Ask for one ticket; raises what stands in the way. No time of our clock is named: the export takes none that is too recent."""
        with most_likely(_WHO):
            self._api.get(_EXPORT, {"start_time": 0, "per_page": 1}, limit=_LIMIT)

    def count(self) -> int | None:
        """How many tickets there are, as far as the account tells."""
        try:
            return int(self._api.get("/api/v2/tickets/count.json")["count"]["value"])
        except RefusedError as error:
            if error.status != 404:
                raise
            return None

    def is_known(self, cursor: str) -> bool:
        """Whether the account still takes a cursor; it may have forgotten an old one."""
        if cursor in self._taken:
            return True
        try:
            self._first[cursor] = self._export(cursor)
        except RefusedError as error:
            if error.status not in (400, 404, 422):
                raise
            return False
        self._taken.add(cursor)
        return True

    def tickets(self, cursor: str | None, bench: Bench) -> Iterator[Object]:
        """Pages of the export behind `cursor`, or of all of it: `tickets`, and what came beside them."""
        if cursor is None:
            return self._kept.of("tickets", lambda last: self._pages(None, last), bench, goes_on=True)
        return self._kept.of(f"tickets behind {cursor}", lambda _: self._pages(cursor, None), bench)

    def users(self, page: Object, ids: Iterable[Any]) -> dict[str, Object]:
        """Id → user, from what came beside the tickets, else asked for; deleted ones are not there."""
        self._users |= self._beside(page, "users", "id")
        wanted = sorted({str(one) for one in ids if one is not None})
        asked = [one for one in wanted if one not in self._users]
        for start in range(0, len(asked), _MANY):
            found = self._had("users", partial(self._of_ids, "users", asked[start : start + _MANY]))
            self._users |= {str(user["id"]): user for user in found}
        return {one: self._users[one] for one in wanted if one in self._users}

    def staff(self, page: Object) -> set[str]:
        """Whoever wrote a ticket of a page and works for the account; nobody where users may not be read, which their own stream says."""
        known = page.get("users") or self._writers(page)
        return {str(one.get("id")) for one in known if isinstance(one, dict) and one.get("role") in _STAFF}

    def _writers(self, page: Object) -> list[Object]:
        """Who wrote the tickets of a page, where they did not come beside them."""
        try:
            found = self.users(page, (one.get("requester_id") for one in page["tickets"] if one.get("status") != "deleted"))
        except RefusedError as error:
            if error.status != 403:
                raise
            return []
        return list(found.values())

    def _beside(self, page: Object, what: str, key: str) -> dict[str, Object]:
        """What came beside the tickets of a page, by its `key`."""
        return {str(one[key]): one for one in self._api.odd.objects(f"{what} beside tickets", page.get(what) or [], (key,))}

    def _of_ids(self, what: str, ids: Iterable[str]) -> list[Object]:
        return list(self._api.get(f"/api/v2/{what}/show_many", {"ids": ",".join(ids)}, holds=what, each=("id",))[what])

    def metrics(self, page: Object) -> dict[str, Object]:
        """Ticket → its metrics, from what came beside the tickets, else from the list of all."""
        own = {str(ticket["id"]): ticket["metric_set"] for ticket in page["tickets"] if ticket.get("metric_set")}
        beside = self._beside(page, "metric_sets", "ticket_id")
        if own or "metric_sets" in page or not page["tickets"]:
            return {**beside, **own}
        if self._metrics is None:
            listed = self._had("ticket_metrics", lambda: self._listed("/api/v2/ticket_metrics", "ticket_metrics", {}))
            self._metrics = {str(one.get("ticket_id")): one for one in listed}
        return self._metrics

    def _had(self, what: str, ask: Callable[[], Iterable[Object]]) -> list[Object]:
        """What an account may be without: nothing where it is not there, which is remembered and not asked for again."""
        if what in self.absent:
            return []
        try:
            return list(ask())
        except RefusedError as error:
            if error.status != 404:
                raise
            self.absent[what] = None
            return []

    def requesters(self, tickets: Iterable[str]) -> dict[str, Any]:
        """Ticket → who wrote it; deleted tickets are not there."""
        asked, found = sorted(tickets), dict[str, Any]()
        for start in range(0, len(asked), _MANY):
            told = self._had("tickets", partial(self._of_ids, "tickets", asked[start : start + _MANY]))
            found |= {str(one["id"]): one.get("requester_id") for one in told}
        return found

    def asks_nobody(self) -> bool:
        """Whether the account says of itself that it asks nobody how satisfied they are."""
        try:
            told = self._api.get("/api/v2/account/settings", holds="settings")
        except SourceError:
            return False
        return below(told, "settings", "active_features", "customer_satisfaction") is False

    def ratings(self, since: int) -> Iterator[Object]:
        """Ratings of the older kind, good or bad, changed since `since` (in seconds). Raises RefusedError where the account has none."""
        return self._listed("/api/v2/satisfaction_ratings", "satisfaction_ratings", {"start_time": since} if since else {})

    def survey_responses(self) -> Iterator[Object]:
        """Answers of the newer kind. Raises RefusedError where the account has none."""
        return self._listed("/api/v2/guide/survey_responses", "survey_responses", {})

    def _pages(self, cursor: str | None, last: Page | None) -> Iterator[Page]:
        """The pages behind `cursor`, or behind one that was read before."""
        page, at, onward = last, cursor, Onward("the export of tickets")
        while page is None or (behind := _behind_cursor(page, at)):
            if page is not None:
                at = onward.to(behind)
            page = self._first.pop(at, None) or self._export(at)
            if following := _behind_cursor(page, at):
                self._api.foresee(_EXPORT, _asked(following), _LIMIT)
            yield page
        if page.get("end_of_stream") is False and not page.get("after_cursor"):
            raise SourceError(
                "the export of tickets says that more follow, and not behind what; what had landed stays, the next run asks again"
            )

    def _export(self, cursor: str | None) -> Any:
        with most_likely(_WHO):
            return self._api.get(_EXPORT, _asked(cursor), holds="tickets", each=("id",), limit=_LIMIT)

    def _listed(self, path: str, key: str, params: Mapping[str, Any]) -> Iterator[Object]:
        asked, onward = {"page[size]": _MANY, **params}, Onward(path)
        while True:
            page = self._api.get(path, asked, holds=key, each=("id",))
            yield from page[key]
            behind = _behind(page, asked)
            if behind is None:
                return
            asked = dict(onward.to(tuple(behind.items())))


def _asked(cursor: str | None) -> dict[str, Any]:
    begin: dict[str, Any] = {"cursor": cursor} if cursor else {"start_time": 0}
    return {"include": _BESIDE, "per_page": 1000, **begin}


def _behind_cursor(page: Page, at: str | None) -> str | None:
    """The cursor behind a page of the export, which was asked for at another one; None behind the last page. One without tickets whose
    cursor stays where it is is the last, whatever else is said.
    """
    behind: str | None = page.get("after_cursor")
    return behind if not page.get("end_of_stream") and (page["tickets"] or behind != at) else None


def _behind(page: Page, asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What to ask for behind a page: by cursor, or by the address of the next page where an answer has no cursors."""
    meta, address = page.get("meta") or {}, first_filled(below(page, "links", "next"), page.get("next_page"))
    if meta and not meta.get("has_more"):
        return None
    if meta.get("after_cursor"):
        return {**asked, "page[after]": meta["after_cursor"]}
    return dict(parse_qsl(urlsplit(address).query)) if address else None
