"""What customers are like, as their records state it, and the wide rows that show it.

Of several records that state an attribute one is believed: one that still exists before one that was deleted or merged, a CRM's before
billing's, the one changed last before older ones; of those that changed at one time the one made last. Comes in: facts and who is who.
Goes out: one row per customer.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from facts import Facts, Row
from identity import Record
from permissions import ranked
from subscriptions import NEVER_PAID

STATED = (
    "country", "region", "industry", "company_size", "acquisition_channel", "owner", "birth_year", "gender", "income_band",
)  # fmt: skip


def described(facts: Facts, customers: dict[Record, Record], subscriptions: list[Row]) -> dict[Record, Row]:
    """Customer → what the records believed state, the plan, whether every record was deleted."""
    plans = _plans(facts, subscriptions)
    found: dict[Record, Row] = {}
    for customer, records in ranked(facts, customers).items():
        row: Row = {name: next((one[name] for one in records if one.get(name) is not None), None) for name in STATED}
        found[customer] = row | {"plan": plans.get(customer), "is_deleted": all(one["deleted_at"] is not None for one in records)}
    return found


def age_decade(facts: Facts, birth_year: Any) -> int | None:
    """The decade of the age that is reached in the as-of year."""
    return None if birth_year is None else int(facts.as_of.year - birth_year) // 10 * 10


def _was_paid(facts: Facts, row: Row) -> bool:
    """Whether a subscription has ever been paid for: its trial, if any, is over and was not its end."""
    until = facts.end if row["ended_at"] is None else min(facts.end, row["ended_at"])
    return row["status"] not in NEVER_PAID and row["paid_from"] < until


def _plans(facts: Facts, subscriptions: list[Row]) -> dict[Record, str | None]:
    """Customer → plan of the paid subscription that runs, else of the last that did; of several the one that started last.

    Choice: a trial that was never paid for tells of a plan only where nothing else does.
    """
    rows = sorted(subscriptions, key=lambda row: row["subscription_id"])
    rows = sorted(rows, key=lambda row: row["started_at"], reverse=True)
    rows = sorted(rows, key=lambda row: row["ended_at"] or pd.Timestamp.max, reverse=True)
    found: dict[Record, str | None] = {}
    for row in sorted(rows, key=lambda row: not _was_paid(facts, row)):
        found.setdefault(row["customer"], row["plan"])
    return found
