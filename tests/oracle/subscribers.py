"""What retention curves are told (Fader & Hardie 2007): how long every subscriber has paid, in whole months, and what they pay in one.

A subscription is paid for from its first price above nothing, by its record or its lines, up to its end, or until nothing is billed for it
any more. A break does not end the count of whoever came back.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

import pandas as pd
from facts import Facts, Row, major
from subscriptions import NEVER_PAID, is_paid_for, monthly_price

DAY = pd.Timedelta(days=1)
DAYS_OF_A_MONTH = 30.4375


def inputs(facts: Facts, subscriptions: list[Row], months: pd.DataFrame, left_out: Container[Any]) -> list[Row]:
    """`clv_subscriptions`: one row for each customer who ever paid for a subscription, but those `left_out`."""
    night, spans = pd.Timestamp(facts.as_of), dict[Any, list[tuple[pd.Timestamp, pd.Timestamp]]]()
    able = [row for row in subscriptions if row["status"] not in NEVER_PAID and row["customer"] not in left_out]
    for row in able:
        for first, last in _days(facts, row):
            spans.setdefault(row["customer"], []).append((first, min(last, night)))
    newest = {row["customer"]: row for row in sorted(able, key=lambda row: (row["paid_from"], row["subscription_id"]))}
    paid = months[months["mrr"] > 0].sort_values("month").groupby("customer", sort=False)["mrr"].last().to_dict()
    return [
        {"customer": one, "segment": newest[one]["interval"] or "month", "plan": newest[one]["plan"] or "unknown"}
        | _counted(min(first for first, _ in days), max(last for _, last in days), night)
        | {"monthly_margin": paid.get(one, 0) * facts.gross_margin}
        for one, days in spans.items()
    ]


def _counted(first: pd.Timestamp, last: pd.Timestamp, night: pd.Timestamp) -> Row:
    ended = last < night
    return {
        "tenure_months": _months(first, last), "age_months": _months(first, night), "is_active": not ended, "ended": ended,
        "ended_months_ago": _months(last, night) if ended else None,
    }  # fmt: skip


def _months(first: pd.Timestamp, last: pd.Timestamp) -> int:
    return int((last - first).days / DAYS_OF_A_MONTH)


def _days(facts: Facts, row: Row) -> Iterator[tuple[pd.Timestamp, pd.Timestamp]]:
    """The first and the last day at whose end the subscription is paid for; nothing where there is none by the night."""
    priced = [line for line in row["lines"] if not line.is_discount and line.amount > 0]
    start, told = row["paid_from"], [line for line in row["lines"] if not line.is_discount and line.start < facts.end]
    begins_free = not priced or not told or min(line.start for line in priced) > min(line.start for line in told)
    if not _list_price(row) and begins_free:
        start = max([start, min(line.start for line in priced)]) if priced else None
    ends = [row["ended_at"], _freed(facts, row)]
    if row["status"] == "unpaid":
        ends.append(max((line.end for line in priced if line.is_paid), default=row["paid_from"]))
    end = min((one for one in ends if one is not None), default=facts.end + DAY)
    if start is not None and start < facts.end and end.normalize() > start.normalize():
        yield start.normalize(), end.normalize() - DAY


def _list_price(row: Row) -> bool:
    seats = 1 if row["quantity"] is None else row["quantity"]
    return major(row, "unit_amount", "unit_minor", row["currency"]) * seats * (100 - (row["discount_percent"] or 0)) > 0


def _freed(facts: Facts, row: Row) -> pd.Timestamp | None:
    """Since when nothing is billed for it, if it was free of charge the last time a month ended while it ran."""
    moment = facts.end if row["ended_at"] is None else row["ended_at"].normalize().replace(day=1)
    if not is_paid_for(row, moment) or monthly_price(row, moment, facts.end).amount > 0:
        return None
    terms: dict[pd.Timestamp, list[Any]] = {}
    for line in row["lines"]:
        if not line.is_addition and not line.is_of_trial(row["paid_from"]) and line.start < facts.end:
            terms.setdefault(max(line.start, row["paid_from"]), []).append(line)
    billed = {start: sum(line.amount for line in lines) for start, lines in terms.items() if not all(line.is_discount for line in lines)}
    last = max((start for start, amount in billed.items() if amount > 0), default=pd.Timestamp.min)
    return min((start for start, amount in billed.items() if amount <= 0 and start > last), default=None)
