"""Who stayed: retention month by month and cohort by cohort, from the months in which customers are active.

Comes in: (customer, month) pairs of active months, and revenue by the same pairs. Goes out: the two marts, one row per month, or cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import pandas as pd
from facts import Facts

Month = pd.Timestamp
Active = Mapping[Any, set[Month]]
Revenue = Mapping[tuple[Any, Month], Fraction]
ONE = pd.DateOffset(months=1)


def active_by_subscription(months: pd.DataFrame) -> Active:
    """Contractual: customers → months at whose end a paying subscription is live."""
    return {customer: set(rows.loc[rows["mrr"] > 0, "month"]) for customer, rows in months.groupby("customer", sort=False)}


def active_by_purchase(facts: Facts, orders: pd.DataFrame) -> Active:
    """Non-contractual: customers → months up to whose end there was a purchase within the window."""
    window, active = pd.Timedelta(days=facts.activity_window_days), dict[Any, set[Month]]()
    for row in orders[orders["net_amount"] > 0].to_dict("records"):
        for month, end in facts.months(row["ordered_at"]):
            if end - window <= row["ordered_at"] < end:
                active.setdefault(row["customer"], set()).add(month)
    return active


def plans(live: pd.DataFrame) -> dict[tuple[Any, Month], str | None]:
    """(customer, month) → plan of the largest subscription; of several as large, the plan whose name comes first."""
    ordered = sorted(live.to_dict("records"), key=lambda row: (-row["mrr"], row["plan"] is None, row["plan"] or ""))
    found: dict[tuple[Any, Month], str | None] = {}
    for row in ordered:
        found.setdefault((row["customer"], row["month"]), row["plan"])
    return found


def monthly(facts: Facts, active: Active, revenue: Revenue, value: Callable[[Any, Month], str]) -> pd.DataFrame:
    """`metric_retention_monthly` of one dimension; `value`: the customer's value of it in a month."""
    counted: dict[tuple[Month, str], dict[str, Any]] = {}
    for customer, months in active.items():
        for month, _ in facts.months(min(months)):
            row = counted.setdefault((month, value(customer, month)), _nobody())
            row["is_complete"] = facts.is_complete(month)
            _count(row, month - ONE in months, month in months, month == min(months))
            opening, closing = revenue.get((customer, month - ONE), Fraction(0)), revenue.get((customer, month), Fraction(0))
            row["whole"] += closing
            if month - ONE in months:
                row["opening"] += opening
                row["closing"] += closing
                row["kept"] += min(opening, closing)
    return pd.DataFrame([{"month": month, "dimension_value": value} | _rates(row) for (month, value), row in counted.items()])


def _nobody() -> dict[str, Any]:
    counts = ("customers_at_start", "customers_new", "customers_reactivated", "customers_churned", "customers_at_end", "stayed")
    return dict.fromkeys(counts, 0) | dict.fromkeys(("opening", "closing", "kept", "whole"), Fraction(0))


def _count(row: dict[str, Any], before: bool, now: bool, is_first: bool) -> None:
    row["customers_at_start"] += before
    row["customers_at_end"] += now
    row["stayed"] += before and now
    row["customers_churned"] += before and not now
    row["customers_new"] += now and not before and is_first
    row["customers_reactivated"] += now and not before and not is_first


def _rates(row: dict[str, Any]) -> dict[str, Any]:
    kept = _share(row["stayed"], row["customers_at_start"])
    came = row["customers_new"] + row["customers_reactivated"]
    return {name: value for name, value in row.items() if name.startswith("customers")} | {
        "is_complete": row["is_complete"],
        "customers_retained": row["stayed"],
        "opening_mrr": row["opening"],
        "kept_mrr": row["closing"],
        "retained_mrr": row["kept"],
        "closing_mrr": row["whole"],
        "customer_retention_rate": kept,
        "crr_formula": _share(row["customers_at_end"] - came, row["customers_at_start"]),
        "logo_churn_rate": None if kept is None else 1 - kept,
        "gross_revenue_retention": _share(row["kept"], row["opening"]),
        "net_revenue_retention": _share(row["closing"], row["opening"]),
    }


def _share(part: Any, whole: Any) -> float | None:
    return float(Fraction(part) / Fraction(whole)) if whole else None


def cohorts(facts: Facts, active: Active, revenue: Revenue) -> pd.DataFrame:
    """`metric_cohort_retention`: cells of months that are not over are NULL, those where nobody is left 0."""
    rows = []
    for cohort in sorted({min(months) for months in active.values() if months}):
        members = [customer for customer, months in active.items() if months and min(months) == cohort]
        brought = {
            month: sum((revenue.get((one, month), Fraction(0)) for one in members), Fraction(0)) for month, _ in facts.months(cohort)
        }
        for since, (month, _) in enumerate(facts.months(cohort)):
            stayed = Fraction(sum(month in active[one] for one in members))
            known = facts.is_complete(month)
            for basis, whole, part in (("customers", Fraction(len(members)), stayed), ("revenue", brought[cohort], brought[month])):
                rows.append(
                    {"cohort_month": cohort, "months_since": since, "basis": basis, "cohort_size": float(whole), "is_complete": known}
                    | {"retained": float(part) if known else None, "retention_rate": _share(part, whole) if known else None}
                )
    return pd.DataFrame(rows, columns=["cohort_month", "months_since", "basis", "cohort_size", "is_complete", "retained", "retention_rate"])
