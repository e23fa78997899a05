"""Who may be written to, and who may be judged: consents as people gave them, and refusals since.

Comes in: facts and who is who. Goes out: customers by channel, and those whom no model looks at. Unknown is no.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
from facts import Facts, Row
from identity import Record
from sources import bare, source_of

CHANNELS = ("email", "sms", "phone", "push", "post", "ads")
ADDRESS = {"email": "email", "sms": "phone", "phone": "phone"}
REFUSALS = ("unsubscribed", "complained")

Customers = dict[Record, Record]


def channels(facts: Facts, customers: Customers) -> dict[Record, set[str]]:
    """Customer → channels that may carry marketing: the last word was yes, nothing was refused since, and there is an address."""
    reachable = _addresses(facts, customers)
    refused = _refused(facts, customers)
    found: dict[Record, set[str]] = {one: set() for one in customers.values()}
    for (one, channel, purpose), (said_at, is_granted) in _last_words(facts, customers).items():
        if purpose != "marketing" or not is_granted or channel not in reachable.get(one, ()):
            continue
        opened_at = said_at if facts.customer_level == "contact" else _opened(facts, customers, one, channel, purpose)
        taken_back = refused.get((one, channel))
        if opened_at is not None and (taken_back is None or taken_back.normalize() < opened_at.normalize()):
            found[one].add(channel)
    return found


def _opened(facts: Facts, customers: Customers, one: Record, channel: str, purpose: str) -> pd.Timestamp | None:
    """When whoever the company's address belongs to granted it; the address is that of the record that is believed first."""
    column = ADDRESS.get(channel)
    address = _best(facts, customers, one, column) if column else None
    granted = [
        said_at
        for (customer, said_of, said_for, speaker), (said_at, is_granted) in _words(facts, customers).items()
        if (customer, said_of, said_for, is_granted) == (one, channel, purpose, True)
        and (column is None or _stated(facts, speaker, column) == address)
    ]
    return max(granted, default=None)


def _stated(facts: Facts, customer_id: str, column: str) -> str | None:
    value = next(row[column] for row in facts.rows("crm_customers") if row["customer_id"] == customer_id)
    return _written(column, value)


def _best(facts: Facts, customers: Customers, one: Record, column: str) -> str | None:
    """A record that still exists before one that was deleted or merged, a CRM's before billing's, the newest before older ones."""
    return next((_written(column, row[column]) for row in ranked(facts, customers)[one] if row.get(column)), None)


def ranked(facts: Facts, customers: Customers) -> dict[Record, list[Row]]:
    """Customer → their records, the one that is believed first ahead."""
    return {one: sorted(records, key=_rank) for one, records in _records(facts, customers).items()}


def _rank(row: Row) -> tuple[object, ...]:
    is_gone = row["deleted_at"] is not None or row.get("merged_into_customer_id") is not None
    changed = row.get("updated_at") or row["created_at"]
    newest_first = -changed.value if changed is not None else 1
    identity = row["customer_id"] if "acquisition_channel" in row else row["billing_customer_id"]
    made_last_first = -row["created_at"].value if row["created_at"] is not None else 1
    return is_gone, "acquisition_channel" not in row, newest_first, made_last_first, source_of(identity), bare(identity)


def _written(column: str, value: str | None) -> str | None:
    return value.strip().lower() if value and column == "email" else value.strip() if value else None


def not_profiled(facts: Facts, customers: Customers) -> set[Record]:
    """Customers who withdrew profiling, on whichever channel."""
    return {
        one for (one, _, purpose), (_, is_granted) in _last_words(facts, customers).items() if purpose == "profiling" and not is_granted
    }


def _last_words(facts: Facts, customers: Customers) -> dict[tuple[Record, str, str], tuple[pd.Timestamp, bool]]:
    """(customer, channel, purpose) → when and what was said last; yes and no in one instant are a no.

    People of a company speak for themselves alone: whatever one of them refused stays refused.
    """
    found: dict[tuple[Record, str, str], tuple[pd.Timestamp, bool]] = {}
    for (one, channel, purpose, _), said in _words(facts, customers).items():
        key = (one, channel, purpose)
        found[key] = max(found.get(key, said), said, key=lambda word: (not word[1], word[0]))
    return found


def _words(facts: Facts, customers: Customers) -> dict[tuple[Record, str, str, str], tuple[pd.Timestamp, bool]]:
    """The same by who said it, where people speak for themselves; else by nobody in particular."""
    of_person: dict[tuple[Record, str, str, str], tuple[pd.Timestamp, bool]] = {}
    for row in _of_known_people(facts, customers, "crm_consents"):
        one = customers["crm", row["customer_id"]]
        speaker = row["customer_id"] if facts.customer_level == "company" else ""
        key = (one, row["channel"], row["purpose"], speaker)
        said = (row["recorded_at"], row["status"] == "granted")
        of_person[key] = max(of_person.get(key, said), said, key=lambda word: (word[0], not word[1]))
    return of_person


def _refused(facts: Facts, customers: Customers) -> dict[tuple[Record, str], pd.Timestamp]:
    found: dict[tuple[Record, str], pd.Timestamp] = {}
    for row in _of_known_people(facts, customers, "crm_interactions"):
        if row["kind"] in REFUSALS:
            key = (customers["crm", row["customer_id"]], row["channel"])
            found[key] = max(found.get(key, row["occurred_at"]), row["occurred_at"])
    return found


def _of_known_people(facts: Facts, customers: Customers, table: str) -> list[Row]:
    """What was said of people whose record is known by the end of the as-of day; the rest waits for its record."""
    return [row for row in facts.rows(table) if ("crm", row["customer_id"]) in customers]


def _addresses(facts: Facts, customers: Customers) -> dict[Record, set[str]]:
    """Customer → channels on which they can be reached at all; nobody of whom every record was deleted."""
    found: dict[Record, set[str]] = {}
    for one, rows in _records(facts, customers).items():
        if any(row["deleted_at"] is None for row in rows):
            found[one] = {channel for channel in CHANNELS if _has(rows, ADDRESS.get(channel))}
    return found


def _has(rows: Iterable[Row], column: str | None) -> bool:
    return column is None or any(row.get(column) for row in rows)


def _records(facts: Facts, customers: Customers) -> dict[Record, list[dict[str, Any]]]:
    found: dict[Record, list[dict[str, Any]]] = {}
    for table, kind, key in (("crm_customers", "crm", "customer_id"), ("billing_customers", "billing", "billing_customer_id")):
        for row in facts.rows(table):
            found.setdefault(customers[kind, row[key]], []).append(row)
    return found
