"""How a made-up company comes to be known: load by load, with rows that are late, corrected, moved, taken back, broken and mended.

Comes in: a source of chance. Goes out: for each night its as-of date and what lands before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import chance
from billing_by_chance import moment
from nights import Change

from orchestration.contract import INPUT_TABLES

Row = dict[str, Any]
Load = dict[str, list[Change]]

OWNERS = {"billing_customers": "billing_customer_id", "crm_customers": "customer_id"}

# What texts may say instead, wherever they stand, and in one table.
SAID: dict[str, list[Any]] = {
    "currency": ["USD", "EUR", "JPY"],
    "phone": ["+49 30 1234567", "030 1234567", None],
    "country": ["DE", "US", "AT", None],
    "industry": ["retail", "wholesale"],
    "company_name": ["Acme", "Zeta", None],
    "plan": ["team", "pro", "renamed", None],
    "interval": ["month", "year", "week", None],
    "cancellation_reason": ["payment_failed", "too_expensive", None],
    "invoice_status": ["paid", "open", "void", "uncollectible", None],
}
SAID_IN: dict[str, dict[str, list[Any]]] = {
    "billing_subscriptions": {"status": ["active", "canceled", "unpaid", "trialing"]},
    "billing_invoice_lines": {"kind": ["recurring", "one_off", "proration", "discount", "tax"]},
    "billing_payments": {"kind": ["payment", "refund", "chargeback"], "status": ["succeeded", "failed", "pending"]},
    "crm_consents": {"status": ["granted", "withdrawn"]},
    "crm_interactions": {"kind": ["sent", "delivered", "bounced", "unsubscribed"], "channel": ["email", "sms", "web"]},
}
# What is often left open at first and stated later.
WERE_UNSAID = ("merged_into_customer_id", "email", "phone", "plan", "company_name", "subscription_id")

# Days before and after the ends of months; a night may be run again, and a month may be left out.
STEPS = [0, 1, 1, 1, 1, 2, 3, 9]


def history(random: Random, nights: int) -> Iterator[tuple[date, Load]]:
    """As-of dates in order, and the load of each."""
    tables, _ = chance.company(random, 16, least=8)
    interactions(random, tables)
    as_of = first_night(random, tables)
    waiting = [(table, row) for table, rows in tables.items() for row in rows]
    # most rows have landed before the first night: what happens later must leave most customers alone, or nothing is put to the test
    plan = [0 if random.random() < 0.92 else random.randrange(nights) for _ in waiting]
    known: list[tuple[str, Row]] = []
    for number in range(nights):
        load: Load = {}
        for (table, row), turn in zip(waiting, plan, strict=True):
            if turn == number:
                known.append((table, row))
                load.setdefault(table, []).append((row, False))
        for place in random.sample(range(len(known)), min(len(known), random.choice([0, 1, 2, 4]) if number else 0)):
            table, row = known[place]
            if table == "exchange_rates" and random.random() < 0.9:
                continue  # a corrected rate touches everyone
            is_gone = random.random() < 0.25
            known[place] = (table, row if is_gone else edited(random, table, row, tables))
            load.setdefault(table, []).append((known[place][1], is_gone))
        yield as_of, load
        as_of += timedelta(days=random.choice(STEPS))


def first_night(random: Random, tables: chance.Tables) -> date:
    """A day or two before something begins, ends or falls due: what lies ahead then must be seen to come."""
    ahead = ("trial_ends_at", "ended_at", "period_start", "period_end", "cancel_requested_at", "solved_at")
    found = [row[name] for table in sorted(tables) for row in tables[table] for name in ahead if row.get(name) is not None]
    days = [each.date() for each in found if each.date() >= date(2023, 6, 1)] or [date(2024, 6, 3)]
    return random.choice(days) - timedelta(days=random.choice([1, 1, 2]))


def interactions(random: Random, tables: chance.Tables) -> None:
    """What was sent to people and what they did, and their tickets."""
    people = [row["customer_id"] for row in tables["crm_customers"]] or ["nobody"]
    rows = tables.setdefault("crm_interactions", [])
    for number in range(random.randint(0, 40)):
        rows.append({
            "interaction_id": f"a{number}", "customer_id": random.choice(people), "occurred_at": moment(random),
            "channel": random.choice(["email", "web", "email", "sms"]), "campaign_id": random.choice([None, "spring"]),
            "kind": random.choice(["sent", "sent", "opened", "clicked", "usage", "bounced", *(["delivered"] if number > 30 else [])]),
        })  # fmt: skip
    tables["crm_tickets"] = [
        {"ticket_id": f"t{number}", "customer_id": random.choice(people), "status": "solved"}
        | {"opened_at": moment(random), "solved_at": moment(random)}
        for number in range(random.randint(0, 4))
    ]


def edited(random: Random, table: str, row: Row, tables: chance.Tables) -> Row:
    """Another version of a row: a time moved, an amount corrected, another owner, or broken."""
    contract = INPUT_TABLES[table]
    made = [
        {name: changed}
        for name, value in row.items()
        if name not in contract.key and not name.startswith("_")
        for changed in other_values(random, table, name, value, tables)
    ]
    updated = {"updated_at": moment(random, 700)} if contract.updated_at else {}
    return row | (random.choice(made) if made else {}) | updated


def other_values(random: Random, table: str, name: str, value: Any, tables: chance.Tables) -> list[Any]:
    """What the column might say instead; none where nothing interesting would follow."""
    column = INPUT_TABLES[table].column(name)
    if value is None and name not in WERE_UNSAID:
        return []
    if column.type == "timestamp":
        return [value + timedelta(days=random.choice([-30, -1, 1, 2, 45]))]
    if column.type in ("integer", "decimal", "rate"):
        return [float(value) * 1.1 if name == "rate_to_reporting" else value * 2 + 1]
    accounts, people = ([row[key] for row in tables.get(home, [])] for home, key in OWNERS.items())
    said = SAID | SAID_IN.get(table, {}) | {
        "invoice_id": [line["invoice_id"] for line in tables.get("billing_invoice_lines", [])],
        "subscription_id": [*(row["subscription_id"] for row in tables.get("billing_subscriptions", [])), None],
        "billing_customer_id": [*accounts, "nobody"],
        "customer_id": [*people, "nobody"],
        "merged_into_customer_id": [*people, "nobody", None],
        "email": [*(row.get("email") for home in OWNERS for row in tables.get(home, [])), None],
    }  # fmt: skip
    choices = said.get(name, [None] if column.required else [])
    return [random.choice(choices)] if choices else []
