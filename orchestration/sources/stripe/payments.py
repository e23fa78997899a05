"""Charges, refunds and disputes of Stripe as rows of billing_payments.

Comes in: objects of any version, and whose they are. Goes out: rows. Money that is only reserved is pending. A dispute is a chargeback
while and after the money is gone: pending until it is decided, failed when it was won or never more than an inquiry.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from orchestration.sources.reading.records import Row
from orchestration.sources.reading.values import below, first_filled, from_seconds
from orchestration.sources.stripe.money import major

Object = Mapping[str, Any]

_OF_CHARGE = {"succeeded": "succeeded", "paid": "succeeded", "failed": "failed", "pending": "pending"}
_OF_REFUND = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed", "pending": "pending", "requires_action": "pending"}
_OF_DISPUTE = {"lost": "succeeded", "won": "failed", "needs_response": "pending", "under_review": "pending", "prevented": "failed"}
_OF_DISPUTE |= {"charge_refunded": "failed"}  # until 2023: it ended because the money was given back, which its refund tells


class Owner(NamedTuple):
    """Who paid a charge, and for which invoice."""

    customer: str | None
    invoice: str | None


def charge(one: Object, owner: Owner) -> Row:
    """A charge; of a partial capture what was captured."""
    status = _OF_CHARGE.get(one.get("status", ""), one.get("status"))
    is_captured = one.get("captured", True)
    captured = one.get("amount_captured") if is_captured and status == "succeeded" else None
    row = _row(one, owner, "payment", first_filled(captured or None, one.get("amount")))
    row["status"] = "pending" if status == "succeeded" and not is_captured else status
    row["failure_code"] = first_filled(one.get("failure_code"), below(one, "outcome", "reason") if status == "failed" else None)
    return row


def refund(one: Object, owner: Owner) -> Row:
    """Money given back."""
    status = _OF_REFUND.get(one.get("status") or "succeeded", one.get("status"))
    return {**_row(one, owner, "refund", one.get("amount")), "status": status, "failure_code": one.get("failure_reason")}


def dispute(one: Object, owner: Owner) -> Row:
    """Money that the payer's bank has taken back, or may."""
    told = one.get("status") or ""
    closed, inquiry = told == "warning_closed", told.startswith("warning_")
    status = "failed" if closed else "pending" if inquiry else _OF_DISPUTE.get(told, told)
    return {**_row(one, owner, "chargeback", one.get("amount")), "status": status, "failure_code": one.get("reason")}


def _row(one: Object, owner: Owner, kind: str, amount: Any) -> dict[str, Any]:
    return {
        "payment_id": one["id"],
        "billing_customer_id": owner.customer,
        "invoice_id": owner.invoice,
        "kind": kind,
        "occurred_at": from_seconds(one.get("created")),
        "amount": major(amount, one.get("currency")),
        "currency": str(one.get("currency") or "").upper() or None,
    }
