"""What was bought and what was received.

An order is an invoice that is neither void nor draft, net of tax, discounts, refunds and chargebacks; a payment for which no invoice is
known stands for one, and money given back for no known order is an order below zero. Refunds reduce their order by their share without tax.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pandas as pd
from facts import DECIMALS, Facts, Row, major
from identity import Record
from sources import source_of

Key = tuple[str, str, str]  # kind, id, currency
COLUMNS = ["order_id", "order_kind", "customer", "ordered_at", "currency", "net_amount", "net_amount_reporting"]


def orders(facts: Facts, customers: dict[Record, Record]) -> pd.DataFrame:
    """`fct_orders`: one row per order and currency."""
    found = {("invoice", *key): row for key, row in invoices(facts).items()}
    void, returned, converted = _invoices_that_do_not_exist(facts), dict[Key, Fraction](), set[Key]()
    for payment in _payments(facts):
        if payment["invoice_id"] in void:
            continue
        order = payment["invoice_id"] or payment["payment_id"]
        billed, unbilled = (("invoice", order, payment["currency"]), ("payment", order, payment["currency"]))
        if payment["kind"] == "payment":
            if billed not in found:
                found.setdefault(unbilled, _order(payment["billing_customer_id"], payment["occurred_at"]))["net"] += payment["amount"]
        elif known := next((key for key in (billed, unbilled) if key in found), None):
            returned[known] = returned.get(known, Fraction(0)) + payment["amount"]
        elif known := _of_another_currency(found, payment):
            returned[known] = returned.get(known, Fraction(0)) + _worth_then(facts, payment, known[2], found[known]["at"])
            converted.add(known)
        else:
            order = _order(payment["billing_customer_id"], payment["occurred_at"])
            found["return", payment["payment_id"], payment["currency"]] = order | {"net": -payment["amount"]}
    for key, amount in returned.items():
        whole = found[key]["gross"] or found[key]["net"]
        if key in converted and abs(amount - whole) * 100 <= whole:  # what differs by less than a hundredth is the rounding of rates
            amount = whole
        found[key]["net"] -= _whole_minor(amount * _untaxed(found[key]), key[2])
    rows = [
        {
            "order_id": order_id,
            "order_kind": kind,
            "customer": customers["billing", row["account"]],
            "ordered_at": row["at"],
            "currency": currency,
        }
        | {"net_amount": row["net"], "net_amount_reporting": facts.converted(row["net"], currency, row["at"])}
        for (kind, order_id, currency), row in found.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_another_currency(found: dict[Key, Row], payment: Row) -> Key | None:
    """The only order of the invoice for which money was given back in another currency."""
    of_it = [key for key in found if key[0] != "return" and key[1] == payment["invoice_id"]]
    return of_it[0] if len(of_it) == 1 else None


def _worth_then(facts: Facts, payment: Row, currency: str, at: pd.Timestamp) -> Fraction:
    """What was given back, in the currency of the order by the rates of its day."""
    return _whole_minor(facts.converted(payment["amount"], payment["currency"], at) / facts.converted(Fraction(1), currency, at), currency)


def _whole_minor(amount: Fraction, currency: str) -> Fraction:
    """Rounded to what the currency can pay, half away from zero."""
    units = 10 ** DECIMALS[currency]
    return Fraction(int(amount * units + Fraction(1, 2)), units)


def _invoices_that_do_not_exist(facts: Facts) -> set[str]:
    return {line["invoice_id"] for line in facts.rows("billing_invoice_lines") if line["invoice_status"] in ("void", "draft")}


def invoices(facts: Facts, *, that_stand: bool = True) -> dict[tuple[str, str], Row]:
    """(invoice, currency) → its lines added up, with and without tax."""
    found: dict[tuple[str, str], Row] = {}
    for line in facts.rows("billing_invoice_lines"):
        if that_stand and line["invoice_status"] in ("void", "draft"):
            continue
        order = found.setdefault((line["invoice_id"], line["currency"]), _order(line["billing_customer_id"], line["issued_at"]))
        amount = major(line, "amount", "amount_minor", line["currency"])
        amount = -abs(amount) if line["kind"] == "discount" else amount
        order["at"] = min(order["at"], line["issued_at"])
        order["status"] = line["invoice_status"]
        order["gross"] += amount
        order["net"] += 0 if line["kind"] == "tax" else amount
        order["untaxed"] += 0 if line["kind"] == "tax" else amount
    return found


def _order(account: str, at: pd.Timestamp) -> Row:
    return {"account": account, "at": at, "net": Fraction(0), "untaxed": Fraction(0), "gross": Fraction(0)}


def _untaxed(invoice: Row | None) -> Fraction:
    """The share of an invoice's total that is not tax."""
    return invoice["untaxed"] / invoice["gross"] if invoice and invoice["gross"] else Fraction(1)


def _payments(facts: Facts) -> list[Row]:
    """Money that moved, payments before what was given back, each in the order it happened."""
    rows = [row for row in facts.rows("billing_payments") if row["status"] == "succeeded"]
    rows = [row | {"amount": abs(major(row, "amount", "amount_minor", row["currency"]))} for row in rows]
    return sorted(rows, key=lambda row: (row["kind"] != "payment", row["occurred_at"], row["payment_id"]))


def received(facts: Facts, customers: dict[Record, Record]) -> dict[Record, Fraction]:
    """`clv_historic`: customer → money received net of refunds and tax, times the margin."""
    known, money = invoices(facts, that_stand=False), dict[Record, Fraction]()
    for payment in _payments(facts):
        customer = customers["billing", payment["billing_customer_id"]]
        amount = payment["amount"] * _untaxed(known.get((payment["invoice_id"], payment["currency"])))
        signed = amount if payment["kind"] == "payment" else -amount
        money[customer] = money.get(customer, Fraction(0)) + facts.converted(signed, payment["currency"], payment["occurred_at"])
    telling = {source_of(payment["payment_id"]) for payment in facts.rows("billing_payments") if payment["kind"] == "payment"}
    for (invoice_id, currency), invoice in known.items():
        if source_of(invoice_id) not in telling and invoice["status"] in ("paid", None):  # a source that tells of no payments at all
            customer = customers["billing", invoice["account"]]
            money[customer] = money.get(customer, Fraction(0)) + facts.converted(invoice["net"], currency, invoice["at"])
    return {customer: total * facts.gross_margin for customer, total in money.items()}


def by_month(found: pd.DataFrame) -> dict[tuple[Record, pd.Timestamp], Fraction]:
    """(customer, month) → net amount of the orders of the month, in the reporting currency."""
    brought: dict[tuple[Record, pd.Timestamp], Fraction] = {}
    for row in found.to_dict("records"):
        key = (row["customer"], row["ordered_at"].normalize().replace(day=1))
        brought[key] = brought.get(key, Fraction(0)) + row["net_amount_reporting"]
    return brought


def rfm(facts: Facts, found: pd.DataFrame) -> pd.DataFrame:
    """Recency, frequency and monetary value of everybody who ever purchased, with their scores by fifths."""
    purchases = found[found["net_amount"] > 0]
    rows = [
        {
            "customer": customer,
            "recency_days": (pd.Timestamp(facts.as_of) - own["ordered_at"].max().normalize()).days,
            "frequency": len(own),
            "monetary": own["net_amount_reporting"].sum(),
        }
        for customer, own in purchases.groupby("customer", sort=False)
    ]
    frame = pd.DataFrame(rows, columns=["customer", "recency_days", "frequency", "monetary"])
    frame["r_score"] = _fifths([-days for days in frame["recency_days"]])
    frame["f_score"] = _fifths(list(frame["frequency"]))
    frame["m_score"] = _fifths([round(float(value), 6) for value in frame["monetary"]])
    return frame


def _fifths(values: list[Any]) -> list[int]:
    """Scores 1 to 5; equal values share the middle of their places."""
    places = pd.Series(values, dtype=float).rank(method="average")
    return [int(5 * (Fraction(place) - Fraction(1, 2)) / len(values)) + 1 for place in places]
