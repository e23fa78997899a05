"""The tables that the models write, and how a night's numbers become one.

Comes in: columns by name. Goes out: Arrow tables with exactly the columns and types of schema `ml`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

_TEXT, _NUMBER, _DAY = pa.string(), pa.float64(), pa.date32()

SCHEMAS: dict[str, dict[str, pa.DataType]] = {
    "comment_readings": {"text_hash": _TEXT, "reader_version": _TEXT, "themes": _TEXT, "tone": _NUMBER},
    "churn_scores": {
        "customer_key": _TEXT,
        "as_of_date": _DAY,
        "horizon_days": pa.int32(),
        "churn_probability": _NUMBER,
        "risk_band": _TEXT,
        "reasons": pa.list_(_TEXT),
        "model_version": _TEXT,
    },
    "clv_scores": {
        "customer_key": _TEXT,
        "as_of_date": _DAY,
        "clv_predicted": _NUMBER,
        "clv_predicted_low": _NUMBER,
        "clv_predicted_high": _NUMBER,
        "expected_purchases": _NUMBER,
        "p_alive": _NUMBER,
        "expected_order_value": _NUMBER,
        "model": _TEXT,
        "model_version": _TEXT,
    },
    "next_best_actions": {
        "customer_key": _TEXT,
        "as_of_date": _DAY,
        "action": _TEXT,
        "channel": _TEXT,
        "aims_at": _TEXT,
        "expected_value": _NUMBER,
        "expected_uplift": _NUMBER,
        "propensity": _NUMBER,
        "is_holdout": pa.bool_(),
        "reason": _TEXT,
        "policy_version": _TEXT,
        "model_version": _TEXT,
    },
    "action_candidates": {
        "customer_key": _TEXT,
        "as_of_date": _DAY,
        "action": _TEXT,
        "channel": _TEXT,
        "gate_removed_by": _TEXT,
        "score": _NUMBER,
    },
    "model_runs": {
        "model": _TEXT,
        "as_of_date": _DAY,
        "status": _TEXT,
        "reason": _TEXT,
        "candidate": _TEXT,
        "model_version": _TEXT,
        "trained_as_of": _DAY,
        "metric": _TEXT,
        "value": _NUMBER,
        "low": _NUMBER,
        "high": _NUMBER,
    },
}


@dataclass(frozen=True)
class Result:
    """What one model leaves behind: Arrow tables by name, and a short JSON-able report."""

    tables: dict[str, pa.Table]
    report: dict[str, Any] = field(default_factory=dict)


@dataclass
class Run:
    """One model's night. `status`: published, kept_last_good, base_rate or refused; `reason` says why it is not published."""

    model: str
    as_of: date
    status: str = "published"
    reason: str | None = None
    version: str | None = None
    trained_as_of: date | None = None
    measured: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what went wrong without harm, for the log

    def measure(self, candidate: str, metric: str, value: float, low: float = np.nan, high: float = np.nan) -> None:
        """Add one number of `candidate`."""
        self.measured.append({"candidate": candidate, "metric": metric, "value": float(value), "low": float(low), "high": float(high)})

    def measure_all(self, candidate: str, metrics: pd.DataFrame) -> None:
        """Add the rows of `ml.evaluation.evaluate`."""
        for row in metrics.itertuples(index=False):
            self.measure(candidate, *row)

    def table(self) -> pa.Table:
        """`model_runs`: one row per number, and one without a number when there is none."""
        rows = self.measured or [{"candidate": None, "metric": None, "value": None, "low": None, "high": None}]
        columns: dict[str, Any] = {name: [row[name] for row in rows] for name in ("candidate", "metric", "value", "low", "high")}
        shared = {
            "model": self.model,
            "as_of_date": self.as_of,
            "status": self.status,
            "reason": self.reason,
            "model_version": self.version,
            "trained_as_of": self.trained_as_of,
        }
        return build("model_runs", len(rows), columns | shared)

    def result(self, **tables: pa.Table) -> Result:
        """The night's tables together with this run."""
        return together([self], **tables)


def together(runs: Sequence[Run], **tables: pa.Table) -> Result:
    """The night's tables together with `runs`; the report is that of the first, with what any of them noticed."""
    run, notes = runs[0], [note for one in runs for note in one.notes]
    report = {"model": run.model, "status": run.status, "reason": run.reason, "model_version": run.version, "notes": notes}
    told = pa.concat_tables([one.table() for one in runs])
    return Result({**tables, "model_runs": told}, report | {"rows": {name: rows.num_rows for name, rows in tables.items()}})


def build(name: str, rows: int, columns: Mapping[str, Any]) -> pa.Table:
    """Table `name` from its columns; a single value is repeated for every row; NaN becomes NULL."""
    return pa.table([_array(columns[column], kind, rows) for column, kind in SCHEMAS[name].items()], schema=pa.schema(SCHEMAS[name]))


def empty(name: str) -> pa.Table:
    """Table `name` without rows."""
    return pa.schema(SCHEMAS[name]).empty_table()


def _array(values: Any, kind: pa.DataType, rows: int) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values.cast(kind)
    if values is None or isinstance(values, (str, date, int, float, bool)):
        return pa.repeat(pa.scalar(values, kind), rows)
    return pa.array(values if isinstance(values, list) else np.asarray(values), kind, from_pandas=True)


def uniform(keys: ArrayLike, seed: int, as_of: date | None, purpose: str) -> NDArray[np.float64]:
    """A number in [0, 1) per key that depends on nothing else: the same on every machine and in every order of rows."""
    salt = hashlib.sha256(f"{seed}|{as_of}|{purpose}".encode()).hexdigest()[:16]
    hashed = pd.util.hash_array(np.asarray(keys, dtype=object), hash_key=salt, categorize=False)
    return (hashed >> np.uint64(11)).astype(np.float64) / 2.0**53
