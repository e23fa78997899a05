"""The marts of a company beside the oracle's: which rows and which numbers differ.

The key of a customer in the marts is opaque, so `customer_identities` translates it into the oracle's once both agree on who is who.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import Any

import pandas as pd
from identity import Record

# Money has six decimals in the marts and rates are made of it: nothing may differ by more than that rounding explains.
SIX_DIGITS, ROUNDED = 2e-6, 5e-6


def translated(identities: pd.DataFrame, customers: dict[Record, Record]) -> dict[str, Record]:
    """customer_key → the oracle's customer. Fails where the marts join other records than the oracle."""
    said: dict[str, set[Record]] = {}
    for kind, record, key in identities[["record_type", "source_customer_id", "customer_key"]].itertuples(index=False):
        said.setdefault(key, set()).add((kind, record))
    wanted: dict[Record, set[Record]] = {}
    for record, customer in customers.items():
        wanted.setdefault(customer, set()).add(record)
    by_marts, by_oracle = {frozenset(one) for one in said.values()}, {frozenset(one) for one in wanted.values()}
    assert by_marts == by_oracle, f"only the marts join {by_marts - by_oracle}; only the oracle joins {by_oracle - by_marts}"
    return {key: customers[next(iter(records))] for key, records in said.items()}


def assert_same(marts: pd.DataFrame, oracle: pd.DataFrame | list[dict[str, Any]], keys: list[str]) -> None:
    """Fail with what differs unless both have the same keys, once each, and the mart the same value in every column of the oracle."""
    oracle = oracle.to_dict("records") if isinstance(oracle, pd.DataFrame) else oracle
    ours, theirs = _by_key(marts.to_dict("records"), keys), _by_key(oracle, keys)
    assert not theirs.keys() - ours.keys(), f"the marts lack {[theirs[key] for key in theirs.keys() - ours.keys()]}"
    assert not ours.keys() - theirs.keys(), f"the marts add {[ours[key] for key in ours.keys() - theirs.keys()]}"
    differing = [
        f"{key}: {column} is {ours[key][column]!r} in the marts, {value} by the definition"
        for key, row in theirs.items()
        for column, value in row.items()
        if not equal(ours[key][column], value)
    ]
    assert not differing, "\n".join(differing)


def _by_key(rows: Iterable[dict[str, Any]], keys: list[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        assert key not in found, f"twice: {found[key]} and {row}"
        found[key] = row
    return found


def equal(one: Any, other: Any) -> bool:
    """Whether two values of a mart are one: numbers as far as their rounding allows, missing ones among themselves."""
    if _is_missing(one) or _is_missing(other):
        return _is_missing(one) and _is_missing(other)
    if not isinstance(other, numbers.Number):
        return bool(one == other)
    return math.isclose(float(one), float(other), rel_tol=SIX_DIGITS, abs_tol=ROUNDED)


def _is_missing(value: Any) -> bool:
    return value is None or bool(pd.isna(value))
