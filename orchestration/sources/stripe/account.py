"""What one run asks of a Stripe account, every list and every object once.

Comes in: the API. Goes out: objects as Stripe sends them; lists are kept for the run, because several tables need them.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from orchestration.sources.base import Bench, SourceError
from orchestration.sources.http import Api, Onward, RefusedError
from orchestration.sources.reading.pages import Page, Pages
from orchestration.sources.stripe.changes import PATHS, Changes, Object

LAG = 300  # seconds: events appear some time after what they are stamped with
_MANY = 100  # above it, one list of what is new is cheaper than a call for each
_EXPANDED = {"subscription": "discounts"}
# Addresses by which whoever has them sees an invoice or a receipt: no column needs them, and pages are kept where a run is killed.
_OPEN_TO_ALL = frozenset({"hosted_invoice_url", "invoice_pdf", "pdf", "receipt_url"})
# Lists that came later than others, or that a stand-in for Stripe may not have: where they are not there, they are empty.
_MAY_BE_ABSENT = tuple(PATHS[kind] for kind in ("product", "refund", "dispute", "credit_note"))


class Account:
    """The account that a key opens. A live key never takes objects of test mode; `left_out` counts them."""

    def __init__(self, api: Api, pages: Pages, *, takes_test_objects: bool) -> None:
        self._api, self._kept, self._takes_test_objects = api, pages, takes_test_objects
        self._changes: dict[int, Changes] = {}
        self._newest_event: int | None = None
        self.left_out: Counter[str] = Counter()
        self.absent: dict[str, None] = {}

    def newest_event(self) -> int:
        """When the newest event happened, asked before anything else is read; 0 when none is kept."""
        if self._newest_event is None:
            events = self._api.get("/v1/events", {"limit": 1}, holds="data", each=("created",))["data"]
            self._newest_event = int(events[0]["created"]) if events else 0
        return self._newest_event

    def changes(self, since: int) -> Changes:
        """What happened since `since`, some time before it included."""
        if since not in self._changes:
            found = Changes(since)
            self._happened(found, {"created[gte]": max(0, since - LAG)})
            self._changes[since] = found
        return self._changes[since]

    def deleted_customers(self) -> list[Object]:
        """Those deleted lately, as they were, with `deleted_at` in seconds."""
        found = Changes(0)
        self._happened(found, {"type": "customer.deleted"})
        return list(found.deleted_customers.values())

    def _happened(self, changes: Changes, asked: Mapping[str, Any]) -> None:
        events = self._counted(self._pages("/v1/events", asked))
        deque(self._api.odd.each("events", events, changes.added), maxlen=0)

    def listing(self, kind: str, bench: Bench) -> Iterator[Object]:
        """All objects of a kind, newest first."""
        return self._kept.objects(kind, "data", lambda last: self._behind(kind, last), bench, goes_on=True)

    def all_of(self, kind: str) -> Iterator[Object]:
        """All objects of a kind, newest first, of which nothing is kept."""
        return self._counted(self._pages(PATHS[kind], _asked(kind)))

    def stood(self, bench: Bench, ask: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Where the account stood when its lists were begun, maybe by a run that was killed; `ask` says where it stands now."""
        return self._kept.stood(bench, ask)

    def _behind(self, kind: str, last: Page | None) -> Iterator[Page]:
        """Pages of what counts, each with the id behind which the next one begins; None on the last."""
        if last is not None and last["behind"] is None:
            return
        for page in self._paged(PATHS[kind], _asked(kind), last["behind"] if last else None):
            yield {
                "data": list(self._counted(page["data"])),
                "behind": page["data"][-1]["id"] if page.get("has_more") else None,
            }

    def again(self, kind: str, ids: Iterable[str], since: int) -> Iterator[Object]:
        """The objects as they are now; those that are no longer there are left out."""
        wanted = dict.fromkeys(ids)
        if len(wanted) > _MANY:
            for one in self._pages(PATHS[kind], {**_asked(kind), "created[gte]": max(0, since - LAG)}):
                if wanted.pop(one["id"], "") is None and self._counts(one):
                    yield one
        found = (self.one(kind, each) for each in wanted)
        yield from (one for one in found if one is not None and self._counts(one))

    def one(self, kind: str, identifier: str) -> Object | None:
        """One object; None when it is not there."""
        params = {"expand[]": _EXPANDED[kind]} if kind in _EXPANDED else None
        try:
            found: Object = self._api.get(f"{PATHS[kind]}/{identifier}", params, holds="id")
        except RefusedError as error:
            if error.status != 404:
                raise
            return None
        return found

    def page_of(self, path: str, params: Mapping[str, Any]) -> Iterator[Object]:
        """All objects of a list that belongs to another object."""
        return self._pages(path, params)

    def _pages(self, path: str, params: Mapping[str, Any]) -> Iterator[Object]:
        return chain.from_iterable(page["data"] for page in self._paged(path, params))

    def _paged(self, path: str, params: Mapping[str, Any], last: str | None = None) -> Iterator[Page]:
        asked, onward = {"limit": 100, **params, **({"starting_after": last} if last else {})}, Onward(path)
        while True:
            page = self._page(path, asked)
            is_last = not page.get("has_more")
            if not is_last and not page["data"]:  # no document of Stripe's tells of one: taken for the end, what is behind it would be lost
                raise SourceError(
                    f"{path}: a page without a record says that more follow, and names none to go on behind; what had landed stays, the"
                    " next run asks again"
                )
            if not is_last:
                asked = {**asked, "starting_after": onward.to(page["data"][-1]["id"])}
                self._api.foresee(path, asked)
            yield page
            if is_last:
                return

    def _page(self, path: str, params: Mapping[str, Any]) -> Any:
        try:
            page = self._api.get(path, params, holds="data", each=("id",))
        except RefusedError as error:
            if error.status != 404 or path not in _MAY_BE_ABSENT:
                raise
            self.absent[path] = None
            return {"data": []}
        for one in page["data"]:
            for name in _OPEN_TO_ALL & one.keys():
                del one[name]
        return page

    def _counted(self, objects: Iterable[Object]) -> Iterator[Object]:
        return (one for one in objects if self._counts(one))

    def _counts(self, one: Object) -> bool:
        if one.get("livemode", True) or self._takes_test_objects:
            return True
        self.left_out[one.get("object", "object")] += 1
        return False


def _asked(kind: str) -> dict[str, Any]:
    asked: dict[str, Any] = {"expand[]": f"data.{_EXPANDED[kind]}"} if kind in _EXPANDED else {}
    return {**asked, "status": "all"} if kind == "subscription" else asked
