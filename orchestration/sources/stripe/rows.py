"""Objects of Stripe as rows, with whatever has to be asked for beside them.

Comes in: objects as they are listed. Goes out: rows. Of a list inside an object only the first members come along, a discount may name its
coupon only, and neither products nor invoices are told with everything that refers to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from orchestration.sources.base import Bench
from orchestration.sources.reading.records import Row
from orchestration.sources.reading.values import below
from orchestration.sources.stripe import customers, invoices, payments
from orchestration.sources.stripe.account import Account
from orchestration.sources.stripe.changes import PATHS, Object
from orchestration.sources.stripe.owners import Owners


class Rows:
    """Those of one run; every method takes an object, and the bench where all of its kind are read."""

    def __init__(self, account: Account, note: Callable[[str], None]) -> None:
        self._account, self._note = account, note
        self._owners = Owners(account)
        self._products: dict[str, str] | None = None
        self._coupons: dict[str, Object] = {}

    def subscription(self, one: Object, _: Bench | None) -> list[Row]:
        """The row of a subscription."""
        items = self._all_of(one, "items", "/v1/subscription_items", {"subscription": one["id"]})
        discounts = [self._with_coupon(discount) for discount in one.get("discounts") or [] if isinstance(discount, Mapping)]
        return [customers.subscription({**one, "items": {"data": items}, "discounts": discounts}, self._product_names())]

    def lines(self, one: Object, _: Bench | None) -> Iterator[Row]:
        """The rows of an invoice."""
        self._owners.learn(one)
        return invoices.lines(one, self._all_of(one, "lines", f"/v1/invoices/{one['id']}/lines", {}), self._product_names())

    def credit_note(self, one: Object, _: Bench | None) -> Iterator[Row]:
        """The rows of a credit note."""
        return invoices.credit_note(one)

    def charge(self, one: Object, bench: Bench | None) -> list[Row]:
        """The row of a charge of somebody."""
        if one.get("customer") is None:
            self._note("charges without a customer are left out: nobody can be told from them")
            return []
        return [payments.charge(one, self._owners.of_charge(one, bench))]

    def refund(self, one: Object, _: Bench | None) -> list[Row]:
        """The row of a refund to somebody."""
        owner = self._owner("refunds", one)
        return [payments.refund(one, owner)] if owner.customer else []

    def dispute(self, one: Object, _: Bench | None) -> list[Row]:
        """The row of somebody's dispute."""
        owner = self._owner("disputes", one)
        return [payments.dispute(one, owner)] if owner.customer else []

    def _owner(self, kind: str, one: Object) -> payments.Owner:
        owner = self._owners.of(one)
        if owner.customer is None:
            self._note(f"{kind} of a charge without a customer, or that is not there, are left out: nobody can be told from them")
        return owner

    def _all_of(self, one: Object, name: str, path: str, params: Mapping[str, Any]) -> Sequence[Object]:
        """The members of a list inside an object."""
        told: Sequence[Object] = below(one, name, "data") or []
        return list(self._account.page_of(path, params)) if below(one, name, "has_more") else told

    def _with_coupon(self, discount: Object) -> Object:
        named = customers.named_coupon(discount)
        if named is None:
            return discount
        if named not in self._coupons:
            self._coupons[named] = self._account.one("coupon", named) or {}
        return {**discount, "coupon": self._coupons[named]}

    def _product_names(self) -> Mapping[str, str]:
        if self._products is None:
            self._products = {one["id"]: one["name"] for one in self._account.page_of(PATHS["product"], {}) if one.get("name")}
        return self._products
