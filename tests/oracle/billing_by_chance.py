"""How a made-up company bills: subscriptions, invoices, purchases and payments, each by chance.

Comes in: a source of chance and the tables so far. Goes out: rows added to them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pandas as pd

Row = dict[str, Any]
Tables = dict[str, list[Row]]

BEGIN = datetime(2023, 1, 1)
CURRENCIES = ["USD", "USD", "USD", "EUR", "JPY", "KWD", "ZWL"]
STATUSES = ["active"] * 4 + ["canceled"] * 5 + ["expired", "past_due", "paused", "trialing", "incomplete", "incomplete_expired", "unpaid"]
REASONS = [None, None, None, "payment_failed", "too_expensive", "fixed_term_ended", "Payment Failed", "whatever else"]
STEP = {"day": timedelta(days=1), "week": timedelta(days=7)}
STEP_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def moment(random: Random, days: int = 560) -> datetime:
    """Some instant, often the edge of a month."""
    day = BEGIN + timedelta(days=random.randint(0, days))
    first = day.replace(day=1)
    edges = [first, first - timedelta(microseconds=1), first + timedelta(microseconds=1), datetime(2024, 2, 29), day, day]
    return random.choice(edges) if random.random() < 0.5 else day + timedelta(seconds=random.randint(0, 86399))


def subscription(random: Random, tables: Tables, account: str) -> None:
    """One subscription, perhaps with invoices."""
    number = len(tables.setdefault("billing_subscriptions", []))
    start, status = moment(random, 480), random.choice(STATUSES)
    trial = random.choice([None, None, None, start + timedelta(days=random.choice([0, 14, 30])), moment(random)])
    trial = None if trial is None or trial < start else trial
    end = random.choice([start + timedelta(days=random.choice([0, 3, 30, 200])), moment(random), _month_end(start)])
    ended = max(start, end) if status in ("canceled", "expired") and random.random() < 0.9 else None
    row = {
        "subscription_id": f"s{number}", "billing_customer_id": account, "status": status, "started_at": start, "trial_ends_at": trial,
        "ended_at": ended, "cancel_requested_at": random.choice([None, None, start, moment(random)]),
        "cancellation_reason": random.choice(REASONS) if ended else None, "plan": random.choice([None, "team", "pro"]),
        "quantity": random.choice([None, 1, 1, 3, 2.5]), "currency": random.choice([None, *CURRENCIES]),
        "interval": random.choice(["month", "month", "year", "quarter", "week", "day"]),
        "interval_count": random.choice([None, 1, 1, 1, 2, 3]), "discount_percent": random.choice([None, None, None, 0, 10, 33.33, 100]),
    }  # fmt: skip
    row |= random.choice([{}, {}, {}, {"interval": None, "interval_count": None}])
    row |= random.choice([{"unit_amount": random.choice([0, 9.99, 49, 1000])}, {"unit_minor": random.choice([0, 999, 4900])}])
    tables["billing_subscriptions"].append(row)
    if random.random() < 0.6:
        invoices(random, tables, row, ended or datetime(2024, 7, 1))


def _month_end(start: datetime) -> datetime:
    """The midnight that ends the month of `start`."""
    return (start.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def invoices(random: Random, tables: Tables, row: Row, until: datetime) -> None:
    """Invoices period by period, at prices that change, with what else stands on invoices."""
    currency, amount = random.choice([row["currency"] or "USD", "EUR"]), random.choice([0, 990, 4900, 12000])
    begin = row["started_at"] if random.random() < 0.3 else max(row["started_at"], row["trial_ends_at"] or BEGIN)
    skipped, stop = random.choice([0, 0, 0, 2]), random.choice([8, 8, 8, 3])
    for number in range(8):
        start, end = (period(begin, row, number + ahead) for ahead in (0, 1))
        if start >= until or number >= stop:
            return
        amount += random.choice([0, 0, 0, 500, -400])
        if number < skipped:
            continue
        issued = random.choice([start, start, start, end, start + timedelta(days=2), start - timedelta(days=3)])
        common = {
            "invoice_id": f"{row['subscription_id']}-{number}",
            "billing_customer_id": row["billing_customer_id"],
            "issued_at": issued,
        }
        common |= {"subscription_id": row["subscription_id"], "currency": currency, "period_start": start, "period_end": end}
        common |= {"invoice_status": random.choice(["paid", "paid", "paid", "open", "void", "draft", "uncollectible", None])}
        lines(random, tables, common, amount)
        settle(random, tables, common)
        if random.random() < 0.2:
            beside(random, tables, common)


def beside(random: Random, tables: Tables, term: Row) -> None:
    """An invoice beside the one of a term: more seats to its end, what was used in part or in all of it, a plan that takes its place."""
    start, end = term["period_start"], term["period_end"]
    middle = random.choice([start, start + (end - start) / 3, start + timedelta(days=2), _month_end(start)])
    until = random.choice([end, end, end, min(end, start + timedelta(days=31))])
    if middle >= until:
        return
    table, number = tables["billing_invoice_lines"], len(tables["billing_invoice_lines"])
    common = term | {"invoice_id": f"{term['invoice_id']}-beside", "invoice_status": random.choice(["paid", "paid", "open", "void"])}
    common |= {"period_start": middle, "period_end": until, "issued_at": random.choice([middle, middle, until])}
    kinds = [("recurring", 700), *random.choice([[], [], [("recurring", -300)], [("proration", -300)], [("discount", 90)]])]
    for place, (kind, value) in enumerate(kinds[random.choice([0, 0, 0, 1]) :]):
        own = {"invoice_line_id": f"l{number + place}", "kind": kind, "quantity": None, "invoice_id": common["invoice_id"] + "c" * place}
        table.append(common | (own if random.random() < 0.5 else own | {"invoice_id": common["invoice_id"]}) | money(random, value, common))


def period(begin: datetime, row: Row, number: int) -> datetime:
    """When the period of that number begins."""
    interval, count = row["interval"] or "month", (row["interval_count"] or 1) * number
    if interval in STEP:
        return begin + STEP[interval] * count
    return (pd.Timestamp(begin) + pd.DateOffset(months=STEP_MONTHS[interval] * count)).to_pydatetime()


def lines(random: Random, tables: Tables, common: Row, amount: int) -> None:
    """The lines of one invoice, some of every kind; amounts in minor units, or in major ones, discounts with their sign or without."""
    amount, discount = max(amount, 0), random.choice([-1, 1]) * min(max(amount, 0), 300)
    kinds = [("recurring", amount), *random.choice([[], [], [("recurring", 250)], [("discount", discount)]])]
    kinds += random.choice(
        [[], [], [("proration", 777), ("proration", -333)], [("one_off", 5000)], [("one_off", -amount)], [("tax", amount // 5)]]
    )
    if random.random() < 0.1:
        common = common | {"period_start": None, "period_end": None}
    for kind, value in kinds:
        table = tables.setdefault("billing_invoice_lines", [])
        line = (
            common
            | {"invoice_line_id": f"l{len(table)}", "kind": kind, "quantity": random.choice([None, 1, 2])}
            | money(random, value, common)
        )
        bare = {"subscription_id": None, "period_start": None, "period_end": None}
        table.append(line | (bare if kind == "discount" and random.random() < 0.3 else {}))


def money(random: Random, value: int, row: Row) -> Row:
    """An amount in minor units, or the same in major ones."""
    major = Decimal(value).scaleb(-{"JPY": 0, "KWD": 3}.get(row["currency"], 2))
    return random.choice([{"amount_minor": value}, {"amount": major}])


def purchase(random: Random, tables: Tables, account: str) -> None:
    """An invoice without a subscription."""
    number = len(tables.get("billing_invoice_lines", []))
    common = {
        "invoice_id": f"o{number}",
        "billing_customer_id": account,
        "issued_at": moment(random),
        "currency": random.choice(CURRENCIES),
    }
    common |= {"invoice_status": random.choice(["paid", "paid", "open", "void", None])}
    lines(random, tables, common, random.choice([0, 1000, 2599]))
    settle(random, tables, common)


def settle(random: Random, tables: Tables, invoice: Row) -> None:
    """Some course of payment of an invoice, mostly of all that it asks for."""
    for _ in range(random.choice([0, 1, 1, 2])):
        total = random.choice([1000, 2599, 4900, 5000])
        payment(random, tables, invoice["billing_customer_id"], invoice["invoice_id"], total, invoice["currency"], invoice["issued_at"])


def payment(
    random: Random, tables: Tables, account: str, invoice: str | None, amount: int, currency: str, after: datetime | None = None
) -> None:
    """A payment, refund or chargeback, whole or in part; what is given back with its sign or without."""
    table = tables.setdefault("billing_payments", [])
    at = moment(random) if after is None else after + timedelta(days=random.choice([0, 0, 1, 20, 70]))
    kind = random.choice(["payment"] * 4 + ["refund", "chargeback"])
    value = random.choice([amount, amount, amount // 2, 0, amount + 1]) * (1 if kind == "payment" else random.choice([-1, 1]))
    row = {"payment_id": f"p{len(table)}", "billing_customer_id": account, "invoice_id": invoice and f"{invoice}{'' if after else account}"}
    row |= {"kind": kind, "status": random.choice(["succeeded"] * 5 + ["failed", "pending"]), "occurred_at": at, "currency": currency}
    table.append(row | money(random, value, row))
