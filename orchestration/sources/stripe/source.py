"""What is read of a Stripe account, and when.

Comes in: settings. Goes out: streams. The first night lists everything; later nights read the events since the last one and ask again for
the objects that they name. Events are kept for thirty days: after a longer pause everything is listed again, which also finds what is gone.
Objects of test mode count only when the key is one of test mode (`_test_` in it).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, ClassVar

from orchestration.contract import Table
from orchestration.plain_words import counted
from orchestration.sources.base import Batch, Bench, Position
from orchestration.sources.http import Api
from orchestration.sources.reading.again import is_wanted
from orchestration.sources.reading.records import Row
from orchestration.sources.reading.values import id_of
from orchestration.sources.streams import Extent, Reading, Stream, StreamSource
from orchestration.sources.stripe import customers
from orchestration.sources.stripe.account import Account
from orchestration.sources.stripe.changes import Object
from orchestration.sources.stripe.rows import Rows

_EVENTS_KEPT = timedelta(days=29)  # Stripe keeps them thirty days
_ADDRESS = "https://api.stripe.com"
Mapped = Callable[[Object, Bench | None], Iterable[Row]]
Again = Callable[[str, Iterable[str], int], Iterator[Object]]


class Stripe(StreamSource):
    """One account."""

    type: ClassVar[str] = "stripe"

    def __init__(self, api: Api, *, takes_test_objects: bool, crm_id_key: str, told: Any = None, now: Callable[[], datetime]) -> None:
        super().__init__(told, now)
        self.api, self._crm_id_key, self._now = api, crm_id_key, now
        self._account = Account(api, self.pages, takes_test_objects=takes_test_objects)
        self._all_known_until: int | None = None
        self._rows = Rows(self._account, self.note)

    @classmethod
    def from_settings(cls, settings: Any, *, sleep: Callable[[float], None] = time.sleep) -> Stripe:
        """The account that one `{type: stripe, api_key: …}` describes."""
        headers = {"authorization": f"Bearer {settings.api_key}", "stripe-version": settings.api_version}
        api = Api("stripe", _ADDRESS, base_url=settings.base_url, headers=headers, sleep=sleep)
        is_test = "_test_" in settings.api_key
        # Which account a key opens is not told to every key.
        told = (settings.base_url, settings.api_version, settings.api_key)
        return cls(api, takes_test_objects=is_test, crm_id_key=settings.customer_id_metadata, told=told, now=lambda: datetime.now(UTC))

    def check(self) -> None:
        """Raise SourceError when the key is refused."""
        self._account.newest_event()

    def notes(self) -> list[str]:
        """What was left out, one line each."""
        left_out = [f"without {counted(count, kind)} of test mode: the key is a live one" for kind, count in self._account.left_out.items()]
        return [*super().notes(), *left_out, *(f"{path} is not there (404), and taken for empty" for path in self._account.absent)]

    def extents(self) -> list[Extent]:
        """Stripe tells how many objects there are of nothing."""
        kinds = ("customer", "subscription", "invoice", "charge", "refund", "dispute", "credit_note")
        return [Extent(f"{kind}s", None, 100, "stripe") for kind in kinds]

    def streams(self, table: str) -> list[Stream]:
        """The lists that feed `table`."""
        return {
            "billing_customers": [Stream("customers", self._customers, how=self._crm_id_key)],
            "billing_subscriptions": [self._listed("subscription", "subscription_id", self._rows.subscription, self._named_again)],
            "billing_invoice_lines": [
                self._listed("invoice", "invoice_id", self._rows.lines, self._named_again),
                self._listed("credit_note", "invoice_line_id", self._rows.credit_note),
            ],
            "billing_payments": [
                self._listed("charge", "payment_id", self._rows.charge),
                self._listed("refund", "payment_id", self._rows.refund, self._refunds_again),
                self._listed("dispute", "payment_id", self._rows.dispute),
            ],
        }.get(table, [])

    def extract(self, table: Table, state: Mapping[str, Position], bench: Bench) -> Iterator[Batch]:
        """One batch for every stream of `table`; whoever was a customer when they were last read has landed, however that was."""
        self._all_known_until = state.get("customers", {}).get("since")
        return super().extract(table, state, bench)

    def _listed(self, kind: str, scope: str, mapped: Mapped, again: Again | None = None) -> Stream:
        """A list of `kind`. `scope`: the column by which its rows are those of one object; `again`: what asks for those that changed."""
        return Stream(f"{kind}s", lambda known, bench: self._read(known, bench, kind, scope, mapped, again or self._account.again))

    def _read(self, known: Position, bench: Bench, kind: str, scope: str, mapped: Mapped, again: Again) -> Reading:
        since = self._since(known)
        if since is None:
            position, listed = self._account.stood(bench, self._stands_now), self._account.listing(kind, bench)
            return Reading(self.odd.each(f"{kind}s", listed, lambda one: mapped(one, bench)), lambda: position, True)
        changes = self._account.changes(since)
        ids, told, spoken_of = list(changes.ids.get(kind, {})), set[str](), list[str]()

        def understood(one: Object) -> list[Row]:
            told.add(one["id"])
            rows = list(mapped(one, None))
            spoken_of.append(one["id"])
            return rows

        def rows() -> Iterator[Row]:
            yield from self.odd.each(f"{kind}s", again(kind, ids, since), understood)
            spoken_of.extend(one for one in ids if one not in told)  # what is no longer there

        return Reading(rows(), lambda: self._stands(changes.newest), False, (scope, spoken_of))

    def _since(self, known: Position) -> int | None:
        """The moment from which events tell all that changed; None when everything has to be listed, by our clock or by Stripe's."""
        read_at, since = known.get("read_at"), int(known.get("since", 0))
        if read_at is None or is_wanted(known, self._now()) or self._now() - datetime.fromisoformat(read_at) > _EVENTS_KEPT:
            return None
        return since if not since or self._account.newest_event() - since < _EVENTS_KEPT.total_seconds() else None

    def _stands_now(self) -> dict[str, Any]:
        return self._stands(self._account.newest_event())

    def _stands(self, newest: int) -> dict[str, Any]:
        """It is Stripe's clock that counts, as far as it is not ahead of ours: one that is set back later must hide nothing."""
        now = self._now()
        return {"since": min(newest, int(now.timestamp())), "read_at": now.isoformat(timespec="seconds")}

    def _named_again(self, kind: str, ids: Iterable[str], since: int) -> Iterator[Object]:
        """All of them where a product has another name: else one plan would be two, of those who bought it before and after."""
        return self._account.all_of(kind) if self._account.changes(since).has_renamed else self._account.again(kind, ids, since)

    def _refunds_again(self, kind: str, ids: Iterable[str], since: int) -> Iterator[Object]:
        """Before 2024 no event told of a refund itself, only of the charge it was for."""
        yield from self._account.again(kind, ids, since)
        for charge in self._account.changes(since).refunded:
            yield from self._account.page_of("/v1/refunds", {"charge": charge})

    def _customers(self, known: Position, bench: Bench) -> Reading:
        since = self._since(known)
        if since is None:
            position = self._account.stood(bench, self._stands_now)
            return Reading(self._all_customers(bench), lambda: position, True)
        changes = self._account.changes(since)
        living = (one for one in self._account.again("customer", changes.ids.get("customer", {}), since) if not one.get("deleted"))
        rows = self.odd.each("customers", chain(living, changes.deleted_customers.values()), self._customer)
        return Reading(rows, lambda: self._stands(changes.newest), False)

    def _customer(self, one: Object) -> list[Row]:
        return [customers.customer(one, self._crm_id_key)]

    def _all_customers(self, bench: Bench) -> Iterator[Row]:
        """Those listed, and the deleted ones that are still named by what they bought, which would wait for them for ever."""
        seen = set()

        def told(one: Object) -> list[Row]:
            seen.add(one["id"])
            return self._customer(one)

        yield from self.odd.each("customers", chain(self._account.listing("customer", bench), self._account.deleted_customers()), told)
        for one in self._never_seen(seen, bench):
            yield {"billing_customer_id": one, "deleted_at": self._now().isoformat(timespec="seconds")}

    def _never_seen(self, listed: Collection[str], bench: Bench) -> Iterator[str]:
        """Who bought something, is not listed, and came after the last reading. Who was there before has landed with an address and an id
        of the CRM, which stay where they are only absent: a row that tells nothing but an end would take both away.
        """
        first = dict[str, int]()
        for kind in ("subscription", "invoice", "charge"):
            for one in self._account.listing(kind, bench):
                named = id_of(one.get("customer"))
                if named and named not in listed:
                    created = int(one.get("created") or 0)
                    first[named] = min(created, first.get(named, created))
        known_until = self._all_known_until
        return (one for one, created in first.items() if known_until is None or created >= known_until)
