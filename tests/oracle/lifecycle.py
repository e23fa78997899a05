"""Where customers stand on the as-of day: the first rule of the seed `lifecycle_rules` that fits."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

import pandas as pd
from facts import Facts, Row
from retention import ONE, Active
from subscriptions import NEVER_PAID

from orchestration import dbt

RULES = list(csv.DictReader((dbt.PROJECT / "seeds" / "lifecycle_rules.csv").open(encoding="utf-8")))


def stages(facts: Facts, customers: Iterable[Any], active: Active, warned: set[Any]) -> dict[Any, str]:
    """Customer → stage. `warned`: customers of whom something says that they may leave."""
    return {customer: _stage(_standing(facts, sorted(active.get(customer, ())), customer in warned)) for customer in customers}


def _standing(facts: Facts, months: list[pd.Timestamp], has_warning: bool) -> dict[str, Any]:
    now = pd.Timestamp(facts.as_of).replace(day=1)
    returns = [month for month in months[1:] if month - ONE not in months]
    return {
        "has_been_active": bool(months),
        "is_active": now in months,
        "has_warning": has_warning,
        "months_since_return": _months(returns[-1], now) if returns else None,
        "tenure_months": _months(months[0], now) if months else None,
    }


def _months(start: pd.Timestamp, end: pd.Timestamp) -> int:
    return 12 * (end.year - start.year) + end.month - start.month


def _stage(standing: dict[str, Any]) -> str:
    for rule in sorted(RULES, key=lambda rule: int(rule["priority"])):
        flags = ("has_been_active", "is_active", "has_warning")
        fits = all(rule[flag] in ("", str(standing[flag]).lower()) for flag in flags)
        for limit, fact in (("max_months_since_return", "months_since_return"), ("max_tenure_months", "tenure_months")):
            fits = fits and (not rule[limit] or (standing[fact] is not None and standing[fact] <= int(rule[limit])))
        if fits:
            return rule["lifecycle_stage"]
    raise AssertionError(f"no rule fits {standing}")


def warned_by_subscription(facts: Facts, subscriptions: list[Row]) -> set[Any]:
    """Contractual: a running subscription is past due, paused, unpaid, or asked to end."""
    paying = [row for row in subscriptions if row["status"] not in NEVER_PAID]
    running = [row for row in paying if row["ended_at"] is None or not facts.is_known(row["ended_at"])]
    odd = ("past_due", "paused", "unpaid")
    return {row["customer"] for row in running if row["status"] in odd or row["cancel_requested_at"] is not None}


def warned_by_silence(facts: Facts, orders: pd.DataFrame) -> set[Any]:
    """Non-contractual: no purchase for more than two thirds of the window."""
    last = orders[orders["net_amount"] > 0].groupby("customer", sort=False)["ordered_at"].max()
    silence = (pd.Timestamp(facts.as_of) - last.dt.normalize()).dt.days if len(last) else last
    return set(silence.index[3 * silence > 2 * facts.activity_window_days]) if len(last) else set()
