"""A landed world of a few dozen customers over two years, made at random from a seed: every table that features are computed from.

Comes in: an empty warehouse. Goes out: `landing.*` filled; nothing in it is realistic except that every kind of fact is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import duckdb
import pandas as pd

START, DAYS = datetime(2024, 1, 1), 730
Row = dict[str, Any]


def land(connection: duckdb.DuckDBPyConnection, tables: dict[str, list[Row]]) -> None:
    """Put `tables` where staging reads landed rows."""
    for name, rows in tables.items():
        landed = {"_source": "files", "_load_id": "1", "_is_deleted": False}
        connection.register("rows", pd.DataFrame([landed | row | {"_row_number": number} for number, row in enumerate(rows)]))
        present = {row[0] for row in connection.execute("DESCRIBE SELECT * FROM rows").fetchall()}
        typed = connection.execute(f"DESCRIBE SELECT * FROM landing.{name}").fetchall()
        columns = ", ".join(f'CAST({column if column in present else "NULL"} AS {kind}) AS "{column}"' for column, kind, *_ in typed)
        connection.execute(f"DROP VIEW landing.{name}")
        connection.execute(f"CREATE TABLE landing.{name} AS SELECT {columns} FROM rows")
        connection.unregister("rows")


def world(seed: int, customers: int = 40) -> dict[str, list[Row]]:
    """Rows of every input table that features read, by table."""
    random, tables = Random(seed), dict[str, list[Row]]()
    for number in range(customers):
        for table, row in _life(random, number):
            tables.setdefault(table, []).append(row)
    tables["exchange_rates"] = [{"currency": "EUR", "rate_date": START.date(), "rate_to_reporting": 1.25}]
    return tables


def _life(random: Random, number: int) -> Iterator[tuple[str, Row]]:
    crm, billing = {"customer_id": f"c{number}"}, {"billing_customer_id": f"b{number}"}
    begin = START + timedelta(days=random.randrange(DAYS - 200), seconds=random.randrange(86400))
    end = begin + timedelta(days=random.randrange(60, 900))
    yield from _record(random, crm | {"created_at": begin, "email": f"{number}@example.org"}, begin)
    yield "billing_customers", billing | crm | {"created_at": begin}
    yield from _subscription(random, billing, f"s{number}", begin, end)
    for _ in range(random.randrange(60)):
        yield from _fact(random, crm, begin, end)


def _record(random: Random, row: Row, begin: datetime) -> Iterator[tuple[str, Row]]:
    """Up to four versions of a record, whose attributes come and go; the first may be known only long after it was made."""
    changes = sorted(begin + timedelta(days=random.randrange(DAYS)) for _ in range(random.randrange(4)))
    for changed in [random.choice([None, begin, begin + timedelta(days=300)]), *changes]:
        stated = {"country": ["DE", "US", None], "region": ["North", "South", None], "industry": ["retail", "banking", None]}
        yield "crm_customers", row | {name: random.choice(values) for name, values in stated.items()} | {"updated_at": changed}


def _subscription(random: Random, billing: Row, key: str, begin: datetime, end: datetime) -> Iterator[tuple[str, Row]]:
    price, ended = random.randrange(1000, 9000), end < START + timedelta(days=DAYS)
    yield "billing_subscriptions", billing | {
        "subscription_id": key, "status": "canceled" if ended else "active", "started_at": begin, "ended_at": end if ended else None,
        "cancel_requested_at": end - timedelta(days=20) if ended else None, "plan": "team", "quantity": 1, "unit_minor": price,
        "currency": "EUR", "interval": "month", "interval_count": 1,
    }  # fmt: skip
    # some are billed several times in 30 days, for other products and periods of other lengths
    every = random.choice([7, 30, 30])
    for period in range(min((end - begin).days, DAYS) // every):
        price += random.choice([0, 0, 0, 500])
        row = billing | {"amount_minor": price, "currency": "EUR"}
        yield from _invoice(random, row, key, f"{key}-{period}", begin + timedelta(days=every * period))


def _invoice(random: Random, row: Row, subscription: str, key: str, day: datetime) -> Iterator[tuple[str, Row]]:
    yield "billing_invoice_lines", row | {
        "invoice_line_id": key, "invoice_id": key, "subscription_id": subscription, "kind": "recurring", "issued_at": day,
        "period_start": day, "period_end": day + timedelta(days=random.choice([7, 30, 60])), "quantity": random.choice([1, 2, None]),
        "product": random.choice(["team", "team", "business", None]), "invoice_status": "paid",
    }  # fmt: skip
    course = random.choice(["succeeded", "failed succeeded", "succeeded refund"]).split()
    for attempt, step in enumerate(course):
        yield "billing_payments", row | {
            "payment_id": f"{key}-{attempt}", "invoice_id": key, "kind": "refund" if step == "refund" else "payment",
            "status": "failed" if step == "failed" else "succeeded", "occurred_at": day + timedelta(days=25 * attempt),
        }  # fmt: skip


def _fact(random: Random, crm: Row, begin: datetime, end: datetime) -> Iterator[tuple[str, Row]]:
    at = begin + timedelta(seconds=random.randrange(int((end - begin).total_seconds())))
    later, key = at + timedelta(days=random.randrange(1, 60)), f"{crm['customer_id']}-{at.isoformat()}"
    web, mail = {"occurred_at": at, "channel": "web", "quantity": 3}, {"occurred_at": at, "channel": "email"}
    answer = {"metric": "nps", "score": random.randrange(11), "scale_min": 0, "scale_max": 10, "responded_at": at}
    ticket = {"opened_at": at, "solved_at": later, "status": "solved", "priority": random.choice(["low", "high"])}
    points = {"kind": random.choice(["joined", "earned", "left"]), "points": 5, "occurred_at": at}
    decision = {"action": random.choice(["nothing", "success_call"]), "decided_at": at, "propensity": 0.5, "is_holdout": False}
    yield random.choice(
        [
            ("crm_interactions", crm | web | {"interaction_id": key, "kind": random.choice(["login", "usage"])}),
            ("crm_interactions", crm | mail | {"interaction_id": key, "kind": random.choice(["sent", "opened", "clicked"])}),
            ("crm_tickets", crm | ticket | {"ticket_id": key}),
            ("survey_responses", crm | answer | {"response_id": key}),
            ("crm_loyalty_events", crm | points | {"loyalty_event_id": key}),
            ("crm_actions", crm | decision | {"action_id": key}),
            ("crm_referrals", {"referral_id": key, "referrer_customer_id": crm["customer_id"], "referred_at": at, "converted_at": later}),
        ]
    )
