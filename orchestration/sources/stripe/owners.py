"""Whose a charge is and which invoice it pays.

Comes in: charges, or their ids. Goes out: `Owner`. Until 2025 a charge named its invoice; since then invoices name what pays them, by
payment intent, in the invoice itself or in a list of their own.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestration.sources.base import Bench
from orchestration.sources.http import RefusedError
from orchestration.sources.reading.values import id_of
from orchestration.sources.stripe.account import Account
from orchestration.sources.stripe.changes import PATHS, Object
from orchestration.sources.stripe.invoices import payment_links
from orchestration.sources.stripe.payments import Owner

NOBODY = Owner(None, None)


class Owners:
    """What is known of the charges of one run."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._links: dict[str, str] | None = None
        self._told: dict[str, str] = {}
        self._owners: dict[str, Owner] = {}

    def learn(self, invoice: Object) -> None:
        """Remember what an invoice tells of its payments; invoices are read before charges."""
        self._told |= {link: str(invoice["id"]) for link in payment_links(invoice)}

    def of_charge(self, charge: Object, bench: Bench | None) -> Owner:
        """Of a charge as Stripe sends it; `bench` where all invoices are read tonight anyway."""
        customer = id_of(charge.get("customer"))
        invoice = id_of(charge["invoice"]) if "invoice" in charge else self._linked(charge, bench)
        owner = Owner(customer, invoice)
        if charge.get("amount_refunded") or charge.get("refunded") or charge.get("disputed"):
            self._owners[charge["id"]] = owner
        return owner

    def of(self, payment: Object) -> Owner:
        """Of a refund or a dispute."""
        charge = payment.get("charge")
        if isinstance(charge, Mapping):
            return self.of_charge(charge, None)
        if charge is None:
            return Owner(id_of(payment.get("customer")), self._asked(id_of(payment.get("payment_intent"))))
        if charge not in self._owners:
            found = self._account.one("charge", charge)
            self._owners[charge] = self.of_charge(found, None) if found else NOBODY
        return self._owners[charge]

    def _linked(self, charge: Object, bench: Bench | None) -> str | None:
        if self._links is None and bench is not None:
            self._links = self._all_links(bench)
        intent = id_of(charge.get("payment_intent"))
        for known in (self._told, self._links or {}):
            if found := known.get(charge["id"]) or known.get(intent or ""):
                return found
        return self._asked(intent) if self._links is None else None

    def _all_links(self, bench: Bench) -> dict[str, str]:
        found = {link: invoice["id"] for invoice in self._account.listing("invoice", bench) for link in payment_links(invoice)}
        if found:
            return found
        try:
            return {link: id_of(one.get("invoice")) for one in self._account.listing("invoice_payment", bench) for link in _paying(one)}
        except RefusedError as error:
            if error.status not in (400, 404):
                raise
            return {}

    def _asked(self, intent: str | None) -> str | None:
        """The invoice that a payment intent pays, asked one by one."""
        if intent is None:
            return None
        params = {"payment[type]": "payment_intent", "payment[payment_intent]": intent}
        try:
            return next((id_of(one.get("invoice")) for one in self._account.page_of(PATHS["invoice_payment"], params)), None)
        except RefusedError as error:
            if error.status not in (400, 404):  # a version before these lists
                raise
            return None


def _paying(payment: Object) -> list[str]:
    paid = payment.get("payment") or {}
    return [str(one) for one in (id_of(paid.get("payment_intent")), id_of(paid.get("charge"))) if one]
