"""Shops that also sell subscriptions: orders make customers active, and what is subscribed to is revenue all the same."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pandas as pd
from company import Company
from pencil import account, built, subscription

MONTHS = ["2024-01", "2024-02", "2024-03", "2024-04"]


def line(number: int, owner: str, at: datetime, amount: float) -> dict[str, Any]:
    own = {"invoice_line_id": f"l{number}", "invoice_id": f"i{number}", "billing_customer_id": owner, "issued_at": at}
    return own | {"kind": "one_off", "amount": amount, "currency": "USD", "invoice_status": "paid"}


# Sue subscribes from January and buys in March; Sam subscribes from February to the middle of April, first 10 then 10 more, and never
# buys; Bob buys in January.
HYBRID = {
    "billing_customers": [account("sue"), account("sam"), account("bob")],
    "billing_subscriptions": [
        subscription("s", datetime(2024, 1, 5), None, "sue", plan="box"),
        subscription("t", datetime(2024, 2, 5), datetime(2024, 4, 15), "sam", plan="box"),
        subscription("u", datetime(2024, 3, 5), datetime(2024, 4, 15), "sam", plan="bag"),
    ],
    "billing_invoice_lines": [line(1, "sue", datetime(2024, 3, 9), 30), line(2, "bob", datetime(2024, 1, 9), 20)],
}


def company() -> Company:
    return built(date(2024, 4, 30), "non_contractual", **HYBRID)


def whole(company: Company, mart: str) -> pd.DataFrame:
    rows = company.marts[mart]
    rows = rows[rows["dimension"] == "all"] if "dimension" in rows else rows
    return rows.sort_values("month").set_index(pd.Index(MONTHS))


def test_movements_are_of_all_who_subscribe_and_retention_of_revenue_is_of_the_active() -> None:
    """Sue had not bought before March, and Sam never: their revenue is in the movements, and not what retention of revenue begins with."""
    marts = company()
    retention, movements = whole(marts, "metric_retention_monthly"), whole(marts, "metric_mrr_movements")
    assert list(movements["closing_mrr"]) == [10, 20, 30, 10]
    assert list(retention["opening_mrr"]) == [0, 0, 0, 10]
    assert list(retention["gross_revenue_retention"].fillna(-1)) == [-1, -1, -1, 1]
    assert list(retention["net_revenue_retention"].fillna(-1)) == [-1, -1, -1, 1]


def test_active_is_who_bought() -> None:
    retention = whole(company(), "metric_retention_monthly")
    assert list(retention["customers_at_end"]) == [1, 1, 2, 1]
    assert list(retention["customers_new"]) == [1, 0, 1, 0]
    assert list(retention["customer_retention_rate"].fillna(-1)) == [-1, 1, 1, 0.5]
