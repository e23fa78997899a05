"""What `customer_360` tells of a customer's doings and sayings, from raw rows, as metrics.md and the docs of the mart define it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tests.oracle.feedback import tickets
from tests.oracle.people import Night, People
from tests.oracle.surveys import survey_responses

Tables = Mapping[str, pd.DataFrame]
OPEN_DAYS = 180


def customer_360(tables: Tables, known: People, night: Night) -> pd.DataFrame:
    """`customer_360`, one row per customer; money, orders, scores and consent have oracles of their own."""
    answers = survey_responses(tables, known)
    nps, csat = (_latest(answers[answers["metric"] == metric]) for metric in ("nps", "csat"))
    touches = tables["crm_interactions"].assign(customer=tables["crm_interactions"]["customer_id"].map(known.customer))
    last_touch = touches.groupby("customer")["occurred_at"].max()
    waiting = tickets(tables, known)
    age = (night.as_of - waiting["opened_at"].dt.normalize()).dt.days
    waiting = waiting[waiting["solved_at"].isna() & (age < OPEN_DAYS)].groupby("customer").size()
    now = night.as_of.replace(day=1)
    active = set(known.active_in(now))
    found: list[dict[str, Any]] = []
    for customer in sorted(set(known.of_record.values())):
        said, rated = nps.get(customer, {}), csat.get(customer, {})
        found.append({
            "customer": customer, "as_of_date": night.as_of, "is_active": customer in active,
            "last_interaction_at": last_touch.get(customer), "tickets_open": waiting.get(customer, 0),
            "last_nps": said.get("score"), "nps_group": said.get("group"), "last_nps_at": said.get("responded_at"),
            "last_csat": rated.get("score_0_100"),
        } | {name: known.described.get(name, {}).get(customer) for name in ("country", "industry")})  # fmt: skip
    return pd.DataFrame(found)


def _latest(answers: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Customer → their latest answer; of several in one instant the one with the greatest id (choice)."""
    rows = answers.dropna(subset="customer").sort_values(["responded_at", "response_id"]).drop_duplicates("customer", keep="last")
    return {row["customer"]: row for row in rows.to_dict("records")}
