"""What subscriptions cost a month, and when they are paid for.

A subscription counts while it is paid for: from its start, or the end of its trial, up to its end, which is exclusive. Its price is that
of the recurring (and discount) lines of the newest invoice that covers the last instant of the month, and of what adds to it; else of
the newest before, else of the first one after, else that of the subscription record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import pandas as pd
from additions import Line, monthly, own_months, told, usual_days
from facts import Facts, Row, major
from identity import Record

# What a discount takes from the lines beside it, where it does not say so itself.
PLACE = ("subscription_id", "period_start", "period_end")
NEVER_PAID = ("trialing", "incomplete", "incomplete_expired")
# How many months one interval is.
DAYS = {"day": 1, "week": 7}
MONTHS = {"day": Fraction(12, 365), "week": Fraction(12, 52), "month": Fraction(1), "quarter": Fraction(3), "year": Fraction(12)}


@dataclass(frozen=True)
class Price:
    """What a subscription costs a month."""

    amount: Fraction
    currency: str | None


def subscriptions(facts: Facts, customers: dict[Record, Record]) -> list[Row]:
    """Subscriptions with their customer, when they are first paid for, and their lines."""
    rows = facts.rows("billing_subscriptions")
    length, lines = {row["subscription_id"]: _length(row) for row in rows}, dict[str, list[Line]]()
    for row in (row for row in _recurring(facts) if row["subscription_id"] in length):
        lines.setdefault(row["subscription_id"], []).append(_line(row, length[row["subscription_id"]]))
    lines = {row["subscription_id"]: told(lines.get(row["subscription_id"], []), usual_days(row)) for row in rows}
    accounts = {row["billing_customer_id"]: row["currency"] for row in facts.rows("billing_customers")}
    return [
        row
        | {
            "customer": customers["billing", row["billing_customer_id"]],
            "currency": row["currency"] or accounts[row["billing_customer_id"]] or facts.reporting_currency,
            "paid_from": max(row["started_at"], row["trial_ends_at"] or row["started_at"]),
            "lines": lines[row["subscription_id"]],
            "ended_at": row["ended_at"] or _undated_end(row, lines[row["subscription_id"]]),
        }
        for row in rows
    ]


def _recurring(facts: Facts) -> Iterator[Row]:
    """Recurring lines, the discounts that reduce them, and credits for the rest of a period."""
    rows = [row for row in facts.rows("billing_invoice_lines") if row["invoice_status"] not in ("void", "draft")]
    billed: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        if row["kind"] == "proration" and row["subscription_id"] and _amount(row) < 0:
            yield row
        if row["kind"] == "recurring" and row["subscription_id"]:
            billed.setdefault(row["invoice_id"], {}).setdefault(row["subscription_id"], []).append(row)
            yield row
    for row in rows:
        if row["kind"] == "discount":
            yield from _placed(row, billed.get(row["invoice_id"], {}))


def _placed(row: Row, beside: dict[str, list[Row]]) -> Iterator[Row]:
    """A discount where the subscriptions of its invoice stand: by the share of each, where it names none."""
    if row["subscription_id"] in beside or len(beside) == 1:
        yield row | {name: row[name] or _of(beside.get(row["subscription_id"]) or next(iter(beside.values())), name) for name in PLACE}
    elif row["subscription_id"]:
        yield row
    else:
        billed = {one: max(sum(_amount(line) for line in lines), Fraction(0)) for one, lines in beside.items()}
        for one, amount in billed.items():
            if whole := sum(billed.values()):
                share = {"amount": _amount(row) * amount / whole}
                yield row | {name: row[name] or _of(beside[one], name) for name in PLACE} | share


def _amount(row: Row) -> Fraction:
    return major(row, "amount", "amount_minor", row["currency"])


def _of(lines: list[Row], name: str) -> object:
    """Subscription and first start or last end of lines of one invoice."""
    values = [line[name] for line in lines if line[name] is not None]
    return (max if name == "period_end" else min)(values, default=None)


def _undated_end(row: Row, lines: list[Line]) -> pd.Timestamp | None:
    """A subscription that has ended, nobody says when, ran as long as it was billed."""
    if row["status"] not in ("canceled", "expired"):
        return None
    return max((line.end for line in lines), default=row["cancel_requested_at"] or row["started_at"])


def _length(row: Row) -> pd.DateOffset:
    """One billing period."""
    count, interval = int(row["interval_count"] or 1), row["interval"] or "month"
    return pd.DateOffset(days=count * DAYS[interval]) if interval in DAYS else pd.DateOffset(months=int(count * MONTHS[interval]))


def _line(row: Row, length: pd.DateOffset) -> Line:
    """The line; without a period it is for one billing period from its issue."""
    amount = major(row, "amount", "amount_minor", row["currency"])
    amount = -abs(amount) if row["kind"] == "discount" else amount
    start = row["period_start"] or row["issued_at"]
    return Line(
        invoice=row["invoice_id"],
        issued=row["issued_at"],
        start=start,
        end=row["period_end"] or start + length,
        amount=amount,
        currency=row["currency"],
        is_paid=row["invoice_status"] == "paid",
        is_discount=row["kind"] == "discount" or amount < 0,
        is_rest=row["kind"] == "proration",
    )


def is_paid_for(subscription: Row, moment: pd.Timestamp) -> bool:
    """Whether the subscription is live and paying at the last instant before `moment`."""
    if subscription["status"] in NEVER_PAID or subscription["paid_from"] >= moment:
        return False
    if subscription["ended_at"] is not None and subscription["ended_at"] < moment:
        return False
    # An unpaid subscription is not active, but was through the months that were paid.
    return subscription["status"] != "unpaid" or any(
        line.is_paid and line.covers(moment) and not line.is_discount for line in subscription["lines"]
    )


def monthly_price(subscription: Row, moment: pd.Timestamp, end: pd.Timestamp) -> Price:
    """What it costs a month at the last instant before `moment`, as is known at `end`."""
    months = MONTHS[subscription["interval"] or "month"] * (subscription["interval_count"] or 1)
    lines = [line for line in subscription["lines"] if line.start < moment and not line.is_of_trial(subscription["paid_from"])]
    # A discount lowers the price of its invoice; by itself it states none.
    prices = [line for line in lines if not line.is_discount and not line.is_addition]
    covering = [line for line in prices if line.covers(moment)]
    if prices:
        newest = max(covering or prices, key=lambda line: (line.start, line.issued, line.invoice))
        if not covering and newest.covers(month_end := newest.end.normalize().replace(day=1)):
            return monthly_price(subscription, month_end, end)
        lines = [line for line in lines if (line.covers(moment) if covering else line.start == newest.start and not line.is_addition)]
        return Price(_billed(lines, newest, usual_days(subscription), months), newest.currency)
    if first := _first_billed(subscription, end):
        return monthly_price(subscription, first, end)
    price = major(subscription, "unit_amount", "unit_minor", subscription["currency"])
    quantity = 1 if subscription["quantity"] is None else subscription["quantity"]
    kept = 1 - (subscription["discount_percent"] or Fraction(0)) / 100
    return Price(price * quantity * kept / months, subscription["currency"])


def _first_billed(subscription: Row, end: pd.Timestamp) -> pd.Timestamp | None:
    """The end of the first month in which a line states a price, `end` where that month is not over; None where none ever does."""
    told = [
        line for line in subscription["lines"] if not (line.is_discount or line.is_addition or line.is_of_trial(subscription["paid_from"]))
    ]
    starts = [start for line in told if (start := max(line.start, subscription["paid_from"])) < end]
    return min(min(starts).normalize().replace(day=1) + pd.DateOffset(months=1), end) if starts else None


def _billed(lines: list[Line], newest: Line, length: float | None, months: Fraction) -> Fraction:
    """What the invoice of the `newest` line bills a month with `lines`, and what adds to it."""
    term = [line for line in lines if line.invoice == newest.invoice and not line.is_addition]
    whole = replace(newest, start=min(line.start for line in term), end=max(line.end for line in term))
    running = sum((line.amount / own_months(line, length, months) for line in term), Fraction(0))
    beside = [line for line in lines if line.is_addition and line.currency == whole.currency and line.is_within(whole.start, whole.end)]
    return max(running, Fraction(0)) + sum((monthly(line, whole, length, months) for line in beside), Fraction(0))
