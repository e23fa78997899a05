"""Acme's billing in Stripe. Pure.

Comes in: rows of four tables. Goes out: an account. A coupon and a tax are on the line that they are of; a discount of a contract
is a coupon of its subscription, and in the prices of its lines; a refund is of the charge that paid the invoice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from examples.fakes.stripe import StripeAccount

Row = dict[str, Any]

_INTERVALS = {"quarter": ("month", 3)}
# What customers may answer when they cancel is a fixed list; these are the answers that Acme's reasons come nearest to.
FEEDBACK = {"poor_service": "customer_service", "low_use": "unused", "switched_provider": "switched_service"}
_STATUS = {"refund": {}, "chargeback": {"succeeded": "lost", "failed": "won", "pending": "under_review"}}


def account(tables: Mapping[str, list[Row]]) -> StripeAccount:
    """The account that holds all of billing_customers, billing_subscriptions, billing_invoice_lines and billing_payments."""
    made = StripeAccount()
    made.largest_page = 100
    for row in tables["billing_customers"]:
        known = {"customer_id": row["customer_id"]} if row["customer_id"] else {}
        told = {"email": row["email"], "currency": row["currency"].lower(), "metadata": known}
        made.hold("customer", row["billing_customer_id"], _seconds(row["created_at"]), **told)
    for row in tables["billing_subscriptions"]:
        made.hold("subscription", row["subscription_id"], _seconds(row["started_at"]), **_subscription(row))
    _hold_invoices(made, tables["billing_invoice_lines"])
    _hold_payments(made, tables["billing_payments"])
    return made


def _subscription(row: Row) -> Row:
    interval, count = _INTERVALS.get(row["interval"], (row["interval"], row["interval_count"]))
    unit = str((row["unit_amount"] * 100).normalize())
    recurring = {"interval": interval, "interval_count": count}
    price = {"id": f"price_{row['plan']}", "nickname": row["plan"], "unit_amount_decimal": unit, "recurring": recurring}
    coupon = {"percent_off": float(row["discount_percent"] or 0), "duration": "forever"}
    return {
        "customer": row["billing_customer_id"],
        "status": row["status"],
        "currency": row["currency"].lower(),
        "start_date": _seconds(row["started_at"]),
        "trial_end": _seconds(row["trial_ends_at"]),
        "items": {"data": [{"id": f"si_{row['subscription_id']}", "quantity": row["quantity"], "price": price}]},
        "discounts": [{"id": f"di_{row['subscription_id']}", "coupon": coupon}] if coupon["percent_off"] else [],
        **_end(row),
    }


def _end(row: Row) -> Row:
    """How Stripe tells an end: nobody asks for one that was agreed from the start, or that comes of an invoice that stays unpaid."""
    ended, reason = _seconds(row["ended_at"]), row["cancellation_reason"]
    asked = _seconds(row["cancel_requested_at"])
    details = {"reason": "cancellation_requested" if asked else None, "feedback": FEEDBACK.get(reason, reason) if asked else None}
    if reason == "payment_failed":
        details["reason"] = reason
    agreed = {"cancel_at": ended} if reason == "term_ended" else {}
    return {"ended_at": ended, "canceled_at": asked or ended, "cancellation_details": details, "cancel_at_period_end": False, **agreed}


def _hold_invoices(made: StripeAccount, rows: list[Row]) -> None:
    invoices: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        invoices[row["invoice_id"]].append(row)
    for identifier, its_rows in invoices.items():
        first = its_rows[0]
        issued, lines = _seconds(first["issued_at"]), [_line(row) for row in its_rows if row["kind"] not in ("discount", "tax")]
        for row in its_rows:
            if row["kind"] in ("discount", "tax"):
                own = next(line for line in lines if line["description"] == row["product"])
                own["discount_amounts" if row["kind"] == "discount" else "tax_amounts"].append({"amount": abs(row["amount_minor"])})
        told = {"customer": first["billing_customer_id"], "status": first["invoice_status"], "currency": first["currency"].lower()}
        made.hold("invoice", identifier, issued, **told, status_transitions={"finalized_at": issued}, all_lines=lines)


def _line(row: Row) -> Row:
    recurs = {"interval": "month"} if row["subscription_id"] and row["kind"] != "one_off" else None
    price = {"id": f"price_{row['product']}", "nickname": row["product"], "recurring": recurs}
    return {
        "id": row["invoice_line_id"],
        "type": "subscription" if row["kind"] == "recurring" else "invoiceitem",
        "proration": row["kind"] == "proration",
        "amount": row["amount_minor"],
        "currency": row["currency"].lower(),
        "quantity": row["quantity"],
        "subscription": row["subscription_id"],
        "period": {"start": _seconds(row["period_start"]), "end": _seconds(row["period_end"])},
        "description": row["product"],
        "price": price,
        "discount_amounts": [],
        "tax_amounts": [],
    }


def _hold_payments(made: StripeAccount, rows: list[Row]) -> None:
    paying = {row["invoice_id"]: row["payment_id"] for row in rows if row["kind"] == "payment" and row["status"] == "succeeded"}
    given_back = {paying[row["invoice_id"]] for row in rows if row["kind"] != "payment"}
    for row in rows:
        money = {"amount": int(Decimal(row["amount"]) * 100), "currency": row["currency"].lower(), "failure_code": row["failure_code"]}
        at, kind = _seconds(row["occurred_at"]), row["kind"]
        if kind == "payment":
            told = {"customer": row["billing_customer_id"], "invoice": row["invoice_id"], "captured": row["status"] != "failed"}
            refunded = row["payment_id"] in given_back
            made.hold("charge", row["payment_id"], at, **money, **told, status=row["status"], refunded=refunded)
        else:
            status = _STATUS[kind].get(row["status"], row["status"])
            stripe_kind = "refund" if kind == "refund" else "dispute"
            made.hold(stripe_kind, row["payment_id"], at, **money, status=status, charge=paying[row["invoice_id"]])


def _seconds(time: datetime | None) -> Any:
    return None if time is None else int(time.timestamp())
