"""Canaries: values that nobody has, one in every personal column, in rows that are good and in rows that are not.

Where one of them is found, that column leaks. They are written as a team's own export would be, beside the files that are there.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from orchestration.contract import INPUT_TABLES

MARK = "canary7391"
SECRET = f"{MARK}-password"
_CUSTOMER = "canary_customer"
# What a row needs beside its personal columns; the bad one differs in a time that nobody can read.
_ROWS: dict[str, dict[str, str]] = {
    "crm_customers": {"customer_id": _CUSTOMER, "created_at": "2026-03-02T09:00:00Z", "country": "DE"},
    "crm_interactions": {
        "interaction_id": "canary_i", "customer_id": _CUSTOMER, "occurred_at": "2026-10-02T09:00:00Z", "channel": "email", "kind": "call",
    },
    "crm_tickets": {"ticket_id": "canary_t", "customer_id": _CUSTOMER, "opened_at": "2026-10-03T09:00:00Z", "status": "open"},
    "billing_customers": {"billing_customer_id": "canary_b", "customer_id": _CUSTOMER, "created_at": "2026-03-02T09:00:00Z"},
    "survey_invitations": {"invitation_id": "canary_v", "customer_id": _CUSTOMER, "sent_at": "2026-10-04T09:00:00Z"},
    "survey_responses": {
        "response_id": "canary_r", "customer_id": _CUSTOMER, "metric": "nps", "score": "2", "scale_min": "0", "scale_max": "10",
        "responded_at": "2026-10-05T09:00:00Z", "language": "en",
    },
}  # fmt: skip
_TIMES = ("created_at", "occurred_at", "opened_at", "sent_at", "responded_at")


def value_of(column: str) -> str:
    """The canary of a personal column, of the kind that stands in such a column."""
    if column == "email":
        return f"{MARK}@nobody.example"
    return "+49 30 7391 7391 55" if column == "phone" else f"{MARK} {column} is too expensive and too slow"


def marks() -> tuple[bytes, ...]:
    """What to look for in bytes, in lower case; the phone number in every spelling that the pipeline gives it."""
    return MARK.encode(), b"73917391", b"7391 7391"


def plant(exports: Path) -> None:
    """Add a good row and a bad one to every input table that has a personal column. Raises KeyError for a table without a recipe here."""
    for table in INPUT_TABLES.values():
        personal = [column.name for column in table.columns if column.personal]
        if personal:
            good = _ROWS[table.name] | {column: value_of(column) for column in personal}
            key = table.key[0]
            bad = good | {key: f"{good[key]}_bad"} | {name: "at noon" for name in _TIMES if name in good}
            (exports / table.name).mkdir(parents=True, exist_ok=True)
            (exports / table.name / "canaries.csv").write_text(_written([good, bad]))


def _written(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
