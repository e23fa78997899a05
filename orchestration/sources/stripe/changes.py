"""What happened to a Stripe account, by its events, and where each kind of object lies.

Comes in: events. Goes out: ids. Events are only ever read as the ids of what changed: what they hold is of the version the account had
then, so the objects are read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestration.sources.reading.values import id_of

Object = Mapping[str, Any]

PATHS = {
    "customer": "/v1/customers",
    "subscription": "/v1/subscriptions",
    "invoice": "/v1/invoices",
    "charge": "/v1/charges",
    "refund": "/v1/refunds",
    "dispute": "/v1/disputes",
    "credit_note": "/v1/credit_notes",
    "product": "/v1/products",
    "coupon": "/v1/coupons",
    "invoice_payment": "/v1/invoice_payments",
}
# Event → what of its object is a part of what people call what was sold.
_NAMED = {"product.updated": ("name",), "price.updated": ("nickname", "lookup_key"), "plan.updated": ("nickname",)}


@dataclass
class Changes:
    """What happened since a moment: kind → ids of objects that changed, the customers deleted, the charges refunded; whether something that
    is sold is called otherwise.
    """

    newest: int
    ids: dict[str, dict[str, None]] = field(default_factory=dict)
    deleted_customers: dict[str, Object] = field(default_factory=dict)
    refunded: dict[str, None] = field(default_factory=dict)
    has_renamed: bool = False

    def added(self, event: Object) -> tuple[()]:
        """Take in one event, of which nothing else is made."""
        self.newest = max(self.newest, int(event["created"]))
        what, kind = event["data"]["object"], event["data"]["object"].get("object")
        if kind == "discount":  # a discount that begins or ends changes the subscription it is on
            what, kind = {"id": what.get("subscription")}, "subscription"
        if kind == "invoice_payment":
            what, kind = {"id": id_of(what.get("invoice"))}, "invoice"
        if event["type"] == "customer.deleted":
            self.deleted_customers.setdefault(what["id"], {**what, "deleted_at": event["created"]})
        elif event["type"] == "charge.refunded":
            self.refunded[what["id"]] = None
        self.has_renamed = self.has_renamed or _renames(event)
        if kind in PATHS and what.get("id"):
            self.ids.setdefault(kind, {})[what["id"]] = None
        return ()


def _renames(event: Object) -> bool:
    """Whether a product or a price has another name; what was sold under it tells no change of its own."""
    before = event["data"].get("previous_attributes")
    return event["type"] in _NAMED and (before is None or any(name in before for name in _NAMED[event["type"]]))
