"""What erasures took out of the past: per month and measure, over everybody erased, so that published numbers stay reconcilable.

Comes in: marts and the keys of a person. Goes out: rows (month, measure, amount as text) and their sum over everybody,
`state/erasures/remainder.json`.
Months, amounts and nothing that names, groups or splits people (docs/decisions/0017).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.privacy.journal import Journal, write_durably
from orchestration.privacy.subject import Subject
from orchestration.releases import Release

_MOVED = "sum({sign}movement_amount) FILTER (WHERE movement = '{movement}')"
_MOVEMENTS = {"new": "new_mrr", "reactivation": "reactivation_mrr", "expansion": "expansion_mrr"}
_LOSSES = {"contraction": "contraction_mrr", "churn": "churned_mrr"}
# Table → what its rows are dated by, and measure → SQL.
_COUNTED: dict[str, tuple[str, dict[str, str]]] = {
    "fct_subscription_months": (
        "month",
        {
            "opening_mrr": "sum(opening_mrr)",
            **{measure: _MOVED.format(sign="", movement=movement) for movement, measure in _MOVEMENTS.items()},
            **{measure: _MOVED.format(sign="-", movement=movement) for movement, measure in _LOSSES.items()},
            "closing_mrr": "sum(mrr)",
            "paying_customers": "count(*) FILTER (WHERE mrr > 0)",
        },
    ),
    "fct_orders": ("ordered_at", {"orders": "count(*)", "net_amount_reporting": "sum(net_amount_reporting)"}),
    "fct_survey_responses": (
        "responded_at",
        {f"{kind}_responses": f"count(*) FILTER (WHERE metric = '{kind}')" for kind in ("nps", "csat", "ces")},
    ),
    "fct_tickets": ("opened_at", {"tickets": "count(*)"}),
}


def of(release: Release, subject: Subject) -> list[dict[str, str]]:
    """What the person adds to the months of `release`: the rows of their keys; of a contact, what they answered and wrote."""
    with release.connect() as marts:
        return amounts(marts, release.tables, subject)


def amounts(marts: duckdb.DuckDBPyConnection, tables: Iterable[str], subject: Subject, until: date | None = None) -> list[dict[str, str]]:
    """The same of the `tables` of any connection with a schema `marts`; only what is dated up to `until`, where that is given."""
    found: list[dict[str, str]] = []
    for measure, sql, table, moment in _measures(tables):
        mine = "list_contains($keys, customer_key)"
        named: dict[str, Any] = {"keys": list(subject.keys), "until": until}
        if table == "fct_survey_responses":
            mine += " OR ($is_contact OR customer_key IS NULL) AND list_contains($answers, response_id)"
            named |= {"answers": list(subject.answers), "is_contact": subject.is_contact}
        elif table == "fct_tickets" and subject.is_contact:
            mine += " OR list_contains($tickets, ticket_id)"
            named |= {"tickets": list(subject.tickets)}
        dated = f"coalesce(CAST({moment} AS DATE) <= CAST($until AS DATE), true)"
        month = f"CAST(date_trunc('month', {moment}) AS DATE)"
        query = f"SELECT {month} AS month, CAST({sql} AS VARCHAR) FROM marts.{table} WHERE ({mine}) AND {dated} GROUP BY 1 ORDER BY 1"
        rows = marts.execute(query, named).fetchall()
        found += [{"month": str(day), "measure": measure, "amount": amount} for day, amount in rows if amount and Decimal(amount)]
    return found


def add(folder: Path, journal: Journal) -> None:
    """Add the remainder of an erasure to the sum, once."""
    _book(folder, journal.id, journal.remainder, 1)


def take_back(folder: Path, lift: str, rows: Iterable[Mapping[str, str]]) -> None:
    """Take what somebody whose erasure was lifted is of the months again out of the sum, once for each lift."""
    _book(folder, lift, rows, -1)


def is_booked(folder: Path, name: str) -> bool:
    """Whether an erasure or a lift of this name is in the sum."""
    return name in _read(folder)["included"]


def _book(folder: Path, name: str, rows: Iterable[Mapping[str, str]], sign: int) -> None:
    content = _read(folder)
    if name in content["included"]:
        return
    sums = content["amounts"]
    for row in rows:
        place = f"{row['month']} {row['measure']}"
        sums[place] = str(Decimal(sums.get(place, "0")) + sign * Decimal(row["amount"]))
    content["amounts"] = {place: amount for place, amount in sums.items() if Decimal(amount)}
    content["included"].append(name)
    write_durably(folder / "remainder.json", json.dumps(content, indent=0, sort_keys=True))


def total(folder: Path) -> list[tuple[str, str, str]]:
    """(month, measure, amount) over everybody erased so far."""
    amounts = sorted(_read(folder)["amounts"].items())
    return [(place.split(" ")[0], place.split(" ")[1], amount) for place, amount in amounts]


def _measures(tables: Iterable[str]) -> list[tuple[str, str, str, str]]:
    """(measure, SQL, table, what its rows are dated by) of those of `tables` that are counted."""
    there = set(tables)
    return [
        (name, sql, table, moment) for table, (moment, measures) in _COUNTED.items() if table in there for name, sql in measures.items()
    ]


def _read(folder: Path) -> dict[str, Any]:
    path = folder / "remainder.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"included": [], "amounts": {}}
