"""Monthly recurring revenue of every customer at the end of every month, and how it moved.

It converts at the rate of the month's last day and is kept with six decimals (decision 5).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pandas as pd
from facts import Facts, Row, last_instant
from subscriptions import is_paid_for, monthly_price


def at_month_ends(facts: Facts, rows: list[Row]) -> pd.DataFrame:
    """One row per paid subscription and month in which it is live at the end, with its MRR in the reporting currency."""
    return pd.DataFrame(list(_at_month_ends(facts, rows)), columns=["customer", "subscription", "month", "mrr", "plan"], dtype=object)


def _at_month_ends(facts: Facts, rows: list[Row]) -> Iterator[Row]:
    for row in rows:
        for month, moment in facts.months(row["started_at"]):
            if is_paid_for(row, moment):
                price = monthly_price(row, moment, facts.end)
                mrr = round(facts.converted(max(price.amount, Fraction(0)), price.currency, last_instant(moment)), 6)
                if mrr > 0:
                    yield {
                        "customer": row["customer"],
                        "subscription": row["subscription_id"],
                        "month": month,
                        "mrr": mrr,
                        "plan": row["plan"],
                    }


def subscription_months(facts: Facts, live: pd.DataFrame) -> pd.DataFrame:
    """`fct_subscription_months`: from a customer's first month with revenue to the as-of month."""
    found: list[Row] = []
    for customer, own in live.groupby("customer", sort=False):
        by_month = own.groupby("month")["mrr"].sum().to_dict()
        first, opening = min(by_month), Fraction(0)
        for month, _ in facts.months(first):
            mrr = by_month.get(month, Fraction(0))
            found.append(
                {"customer": customer, "month": month, "cohort_month": first, "opening_mrr": opening, "mrr": mrr}
                | {"movement": _movement(opening, mrr, month == first), "is_complete": facts.is_complete(month)}
            )
            opening = mrr
    columns = ["customer", "month", "cohort_month", "opening_mrr", "mrr", "movement", "is_complete"]
    return pd.DataFrame(found, columns=columns)


def _movement(opening: Fraction, mrr: Fraction, is_first: bool) -> str:
    if is_first:
        return "new"
    if opening == 0:
        return "reactivation" if mrr > 0 else "unchanged"
    if mrr == 0:
        return "churn"
    return "unchanged" if mrr == opening else "expansion" if mrr > opening else "contraction"


def movements(months: pd.DataFrame, kinds: dict[tuple[Any, pd.Timestamp], str]) -> list[Row]:
    """`metric_mrr_movements` from the customers' months: one row per month."""
    found = []
    for month, rows in months.groupby("month"):
        change = (rows["mrr"] - rows["opening_mrr"]).groupby(rows["movement"]).sum().to_dict()
        lost = rows[rows["movement"] == "churn"]
        why = lost["opening_mrr"].groupby([kinds[customer, month] for customer in lost["customer"]]).sum().to_dict()
        found.append(
            {"month": month, "opening_mrr": rows["opening_mrr"].sum(), "closing_mrr": rows["mrr"].sum()}
            | {"is_complete": rows["is_complete"].iloc[0]}
            | {f"{name}_mrr": change.get(name, 0) for name in ("new", "reactivation", "expansion")}
            | {"contraction_mrr": -change.get("contraction", 0), "churned_mrr": -change.get("churn", 0)}
            | {f"churned_{kind}_mrr": why.get(kind, 0) for kind in ("voluntary", "involuntary", "expired")}
        )
    return found
