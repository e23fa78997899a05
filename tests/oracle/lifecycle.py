"""Where customers stand on the as-of day and stood at the ends of months before: the first rule of the seed `lifecycle_rules` that fits.

Comes in: active months, warnings, when customers were first seen. Goes out: stages, and `metric_lifecycle_monthly`.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
from facts import Facts, Row
from retention import ONE, Active
from subscriptions import NEVER_PAID

from orchestration import dbt

RULES = list(csv.DictReader((dbt.PROJECT / "seeds" / "lifecycle_rules.csv").open(encoding="utf-8")))


def stages(facts: Facts, customers: Iterable[Any], active: Active, warned: set[Any]) -> dict[Any, str]:
    """Customer → stage. `warned`: customers of whom something says that they may leave."""
    now = pd.Timestamp(facts.as_of).replace(day=1)
    return {customer: _stage(_standing(active.get(customer, set()), now, customer in warned)) for customer in customers}


def _standing(active: set[pd.Timestamp], now: pd.Timestamp, has_warning: bool) -> dict[str, Any]:
    months = sorted(month for month in active if month <= now)
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


NOT_YET = "not_yet_known"
Seen = Mapping[Any, pd.Timestamp | None]
Warned = Callable[[Any, pd.Timestamp], bool]
Histories = dict[Any, dict[pd.Timestamp, str]]


def histories(facts: Facts, first: pd.Timestamp, seen: Seen, active: Active, is_warned: Warned, tonight: Mapping[Any, str]) -> Histories:
    """Customer → stage at the end of every month from that of `first`. `is_warned` judges by what is dated before an instant."""
    found: Histories = {}
    for customer, moment in seen.items():
        known_from = (first if moment is None else moment).normalize().replace(day=1)
        *past, (now, _) = facts.months(first)
        found[customer] = {month: NOT_YET for month, _ in past if month < known_from}
        for month, end in past:
            if month >= known_from:
                has_been_active = any(other <= month for other in active.get(customer, ()))
                has_warning = has_been_active and is_warned(customer, end)
                found[customer][month] = _stage(_standing(active.get(customer, set()), month, has_warning))
        found[customer][now] = tonight[customer]
    return found


def moves(facts: Facts, first: pd.Timestamp, histories: Histories) -> list[dict[str, Any]]:
    """`metric_lifecycle_monthly`: every pair of stages in every month since there is a customer."""
    stages, rows = [rule["lifecycle_stage"] for rule in RULES], []
    for month, _ in facts.months(first):
        pairs = Counter((history.get(month - ONE, NOT_YET), history[month]) for history in histories.values())
        pairs = Counter({pair: count for pair, count in pairs.items() if pair[1] != NOT_YET})
        for before in [*stages, NOT_YET] if rows or pairs else []:
            started = sum(count for pair, count in pairs.items() if pair[0] == before)
            for after in stages:
                row = {"month": month, "from_stage": before, "to_stage": after, "customers": pairs[before, after]}
                row["transition_rate"] = pairs[before, after] / started if started and before != NOT_YET else None
                rows.append(row | _flows(pairs, before, after) | {"is_complete": facts.is_complete(month)})
    return rows


def _flows(pairs: Counter[tuple[str, str]], before: str, after: str) -> dict[str, int | None]:
    names = [f"stage_customers_{flow}" for flow in ("at_start", "in", "out", "at_end")]
    if before != after:
        return dict.fromkeys(names)
    came = sum(count for pair, count in pairs.items() if pair[1] == after and pair[0] != after)
    left = sum(count for pair, count in pairs.items() if pair[0] == after and pair[1] != after)
    stayed = pairs[after, after]
    return dict(zip(names, (stayed + left, came, left, stayed + came), strict=True))


def asked_before(subscriptions: list[Row]) -> Warned:
    """Contractual: a paying subscription was asked to end before an instant at which it still ran."""
    asked = [row for row in subscriptions if row["status"] not in NEVER_PAID and row["cancel_requested_at"] is not None]
    return lambda customer, end: any(
        row["cancel_requested_at"] < end and (row["ended_at"] is None or row["ended_at"] >= end)
        for row in asked
        if row["customer"] == customer
    )


def silent_before(facts: Facts, orders: pd.DataFrame) -> Warned:
    """Non-contractual: more than two thirds of the window lie between the last purchase before an instant and the day that it ends."""
    bought = dict[Any, list[pd.Timestamp]]()
    for row in orders[orders["net_amount"] > 0].to_dict("records"):
        bought.setdefault(row["customer"], []).append(row["ordered_at"])

    def is_silent(customer: Any, end: pd.Timestamp) -> bool:
        last = max((moment for moment in bought.get(customer, ()) if moment < end), default=None)
        days = (end - pd.Timedelta(days=1) - last.normalize()).days if last else 0
        return 3 * days > 2 * facts.activity_window_days

    return is_silent
