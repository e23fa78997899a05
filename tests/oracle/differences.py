"""A mart beside what the oracle expects of it: every row of one and of the other, every value of the columns both have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

TOLERANCE = 1e-6


def differences(mart: pd.DataFrame, expected: pd.DataFrame, keys: Sequence[str]) -> list[str]:
    """One line per row that only one side has and per value that differs; empty when they agree."""
    ours, theirs = _by_key(mart, keys), _by_key(expected, keys)
    columns = [name for name in expected.columns if name in mart.columns and name not in keys]
    assert len(columns) > 0 or not theirs, "nothing in common to compare"
    found = [f"only the mart has {key}: {ours[key]}" for key in sorted(ours.keys() - theirs.keys(), key=str)]
    found += [f"the mart lacks {key}: {theirs[key]}" for key in sorted(theirs.keys() - ours.keys(), key=str)]
    for key in sorted(ours.keys() & theirs.keys(), key=str):
        for name in columns:
            if not _same(ours[key][name], theirs[key][name]):
                found.append(f"{key} {name}: the mart says {ours[key][name]}, expected {theirs[key][name]}")
    return found


def _by_key(frame: pd.DataFrame, keys: Sequence[str]) -> dict[tuple, dict[str, Any]]:
    rows = {tuple(_plain(row[key]) for key in keys): row for row in frame.to_dict("records")}
    assert len(rows) == len(frame), f"{keys} is no key"
    return rows


def _plain(value: Any) -> Any:
    """A value as it is compared: times as ISO text, missing as None, numbers as floats."""
    if value is None or value is pd.NaT or (not isinstance(value, list) and pd.isna(value)):
        return None
    if isinstance(value, pd.Timestamp | date):
        return pd.Timestamp(value).isoformat()
    return value if isinstance(value, str) else float(value)


def _same(one: Any, other: Any) -> bool:
    one, other = _plain(one), _plain(other)
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= TOLERANCE * max(1.0, abs(one), abs(other))
    return bool(one == other)


def customers_by_key(identities: pd.DataFrame) -> dict[str, str]:
    """Persistent key → the customer as the oracle names it: the least id of the records that `customer_identities` gives it."""
    current = identities[identities["valid_to"].isna()]
    return current.groupby("customer_key")["source_customer_id"].min().to_dict()
