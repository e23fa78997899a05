"""Rows of companies that a person can reckon with a pencil, and their marts, which both views agree on."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from company import Company

Row = dict[str, Any]


def account(key: str = "b", **row: Any) -> Row:
    return {"billing_customer_id": key} | row


def subscription(key: str, start: datetime, end: datetime | None = None, owner: str = "b", **row: Any) -> Row:
    """Ten dollars a month, unless said otherwise."""
    known = {"subscription_id": key, "billing_customer_id": owner, "status": "canceled" if end else "active"}
    known |= {"started_at": start, "ended_at": end, "unit_amount": 10, "currency": "USD", "interval": "month"}
    return known | row


def built(as_of: date, business_model: str = "contractual", **tables: list[Row]) -> Company:
    company = Company.built(tables, as_of, business_model=business_model)
    company.check()
    return company


def movements(company: Company) -> list[tuple[str, str, float]]:
    """(month, movement, MRR at its end) of the only customer, in the marts."""
    rows = company.marts["fct_subscription_months"].sort_values("month")
    assert rows["customer_key"].nunique() == 1
    return [(f"{row.month:%Y-%m}", row.movement, float(row.mrr)) for row in rows.itertuples()]
