"""What models of purchases are told (Fader, Hardie & Lee 2005): repeat purchases, recency, age and mean value of every customer.

A purchase is a day on which orders come to more than nothing. The last third of the history, at most the horizon, is told apart: what
is known before it foretells what is bought in it.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import pandas as pd
from facts import Facts, Row
from identity import Record

HORIZON_DAYS = 365


def inputs(facts: Facts, orders: pd.DataFrame, left_out: Container[Record]) -> list[Row]:
    """`clv_purchases`: one row for each customer who ever purchased, but those `left_out`."""
    by_customer: dict[Any, dict[pd.Timestamp, Any]] = {}
    for row in orders.to_dict("records"):
        if row["customer"] not in left_out:
            days = by_customer.setdefault(row["customer"], {})
            day = row["ordered_at"].normalize()
            days[day] = days.get(day, 0) + row["net_amount_reporting"]
    bought = {one: {day: value for day, value in sorted(days.items()) if value > 0} for one, days in by_customer.items()}
    night = pd.Timestamp(facts.as_of)
    ages = [(night - day).days for days in bought.values() for day in days]
    holdout = min(HORIZON_DAYS, max(ages) // 3) if ages else None
    return [
        {"customer": one, "holdout_days": holdout, "days_left_out": len(by_customer[one]) - len(days)}
        | _counted(days, night)
        | _told_apart(days, night, holdout)
        for one, days in bought.items()
        if days
    ]


def _counted(days: dict[pd.Timestamp, Any], night: pd.Timestamp) -> Row:
    first, *repeats = days
    value = sum(days[day] for day in repeats) / len(repeats) if repeats else days[first]
    counted = {"frequency": len(repeats), "mean_order_value": value}
    return counted | {"recency_days": (max(days) - first).days, "age_days": (night - first).days}


def _told_apart(days: dict[pd.Timestamp, Any], night: pd.Timestamp, holdout: int) -> Row:
    known = {day: value for day, value in days.items() if (night - day).days >= holdout}
    later = {day: value for day, value in days.items() if day not in known}
    counted = _counted(known, night - pd.Timedelta(days=holdout)) if known else {}
    has_repeats = counted.get("frequency", 0) > 0
    return {
        "known_frequency": counted.get("frequency"),
        "known_recency_days": counted.get("recency_days"),
        "known_age_days": counted.get("age_days"),
        "known_mean_order_value": counted["mean_order_value"] if has_repeats else None,
        "held_out_purchases": len(later),
        "held_out_value": sum(later.values()),
    }
