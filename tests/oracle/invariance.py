"""Companies that are one company told in another way, and whether their marts say the same.

Comes in: rows of the input tables. Goes out: the same company in another order, later, in other ids or other money; and `changes`, one
line per row that only one of two builds of all marts has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import harness
import numpy as np
import pandas as pd
from comparing import equal
from harness import Row, Tables

Frames = dict[str, pd.DataFrame]
AMOUNTS = ("unit_amount", "unit_minor", "amount", "amount_minor", "cost_amount")
NAMES_A_CUSTOMER = ("customer_id", "referrer_customer_id", "referred_customer_id", "merged_into_customer_id")
# What the harness has no say in: these tell of the run, of models and of what was sent.
NOT_OF_THE_COMPANY = ("sync_log", "data_quality", "data_sources", "data_erasures", "model_quality", "dim_dates")


def all_marts(tables: Tables, as_of: date, **settings: Any) -> Frames:
    """Every mart by name; no row of the company may be bad."""
    project = harness.project(**settings)
    marts = {node.name for node in project.nodes.values() if node.schema == "marts" and not node.name.startswith("assert_")}
    names = sorted(marts - set(NOT_OF_THE_COMPANY))
    with project.built(names, tables, as_of) as connection:
        assert connection.sql("SELECT table_name, column_name, rule FROM ops.quarantined_rows").fetchall() == []
        return {name: connection.sql(f"FROM {project.nodes[name].relation}").df() for name in names}


def each_row(tables: Tables, told: Callable[[str, Row], Row]) -> Tables:
    """The company with every row told in another way."""
    return {name: [told(name, row) for row in rows] for name, rows in tables.items()}


def shuffled(random: Random, tables: Tables) -> Tables:
    """Its rows in another order."""
    return {name: random.sample(rows, len(rows)) for name, rows in tables.items()}


def later(tables: Tables, years: int) -> Tables:
    """Everything so many years later, births included; of 28 years every day falls on the same day of the week."""
    return each_row(tables, lambda name, row: {column: _later(column, value, years) for column, value in row.items()})


def _later(column: str, value: Any, years: int) -> Any:
    if isinstance(value, date):
        return value + timedelta(days=1461 * years // 4)
    return value + years if column == "birth_year" and value is not None else value


def priced(tables: Tables, factor: int, currency: str | None = None) -> Tables:
    """All amounts multiplied; of one `currency` only, and its rate divided by as much, where that is given."""

    def told(name: str, row: Row) -> Row:
        if currency not in (None, row.get("currency")):
            return row
        if name == "exchange_rates":
            return row if currency is None else row | {"rate_to_reporting": Decimal(str(row["rate_to_reporting"])) / factor}
        return row | {column: Decimal(str(row[column])) * factor for column in AMOUNTS if row.get(column) is not None}

    return each_row(tables, told)


def reversed_ids(tables: Tables) -> dict[str, str]:
    """Every id of a CRM record, and another one for it: whose came first comes last."""
    own = sorted(row["customer_id"] for row in tables["crm_customers"])
    return {identity: f"x{len(own) - place:03}" for place, identity in enumerate(own)}


def renamed(tables: Tables, ids: Mapping[str, str]) -> Tables:
    """Every id of a CRM record as another one, wherever it is named."""
    return each_row(tables, lambda _, row: row | {column: ids[row[column]] for column in NAMES_A_CUSTOMER if row.get(column) in ids})


def changes(ours: Frames, theirs: Frames, told: Callable[[str, Row], Row] = lambda name, row: row) -> list[str]:
    """One line per row of a mart that only one side has, once every row of `ours` is `told` as theirs should be."""
    found = []
    for name, mart in ours.items():
        left = _grouped(told(name, row) for row in mart.to_dict("records"))
        right = _grouped(theirs[name].to_dict("records"))
        for key in sorted(left.keys() | right.keys(), key=repr):
            one, other = left.get(key, []), right.get(key, [])
            if len(one) != len(other) or not all(map(_same, one, other)):
                found.append(f"{name}: {dict(key)}: {one} is told as {other}")
    return found


def _grouped(rows: Iterable[Row]) -> Mapping[Any, list[list[tuple[str, Any]]]]:
    """Rows by all that is no number; their numbers in order."""
    groups: dict[Any, list[list[tuple[str, Any]]]] = {}
    for row in rows:
        plain = [(column, _plain(value)) for column, value in row.items()]
        words = tuple((column, value) for column, value in plain if not isinstance(value, float))
        groups.setdefault(words, []).append([(column, value) for column, value in plain if isinstance(value, float)])
    return {key: sorted(numbers) for key, numbers in groups.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list | np.ndarray):
        return tuple(value)
    if value is None or pd.isna(value):
        return None
    if isinstance(value, date):
        return pd.Timestamp(value)
    return bool(value) if isinstance(value, bool | np.bool_) else value if isinstance(value, str) else float(value)


def _same(one: list[tuple[str, Any]], other: list[tuple[str, Any]]) -> bool:
    return all(equal(mine, theirs) for (_, mine), (_, theirs) in zip(one, other, strict=True))
