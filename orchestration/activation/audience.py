"""An audience as a table of a release, and its fields as canonical JSON, computed in SQL.

Comes in: a Parquet file. Goes out: its columns, and SQL whose text is equal exactly when the fields are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import duckdb

from orchestration.sql_text import identifier, literal

PRECISION = 4  # decimals of a number; what moves below that is jitter of a refit, not news


class ActivationError(Exception):
    """An audience cannot be sent; the message is one line without personal values."""


class AudienceSource(Protocol):
    """What is needed of a release."""

    @property
    def id(self) -> str:
        """The release's id."""
        ...

    @property
    def created_at(self) -> datetime:
        """When it was made, UTC."""
        ...

    @property
    def tables(self) -> Sequence[str]:
        """Names of its tables."""
        ...

    def table_file(self, name: str) -> Path:
        """Parquet file of a table."""
        ...


def columns_of(connection: duckdb.DuckDBPyConnection, file: Path) -> dict[str, str]:
    """Column → type of a Parquet file."""
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(file)})").fetchall()}


def kind_of(kind: str) -> str:
    """What a destination has to know of a column's type: number, boolean, date, time, list or text."""
    if kind.endswith("[]"):
        return "list"
    if kind.startswith(("DECIMAL", "FLOAT", "DOUBLE")) or kind.endswith(("INT", "INTEGER")):
        return "number"
    return {"BOOLEAN": "boolean", "DATE": "date"}.get(kind, "time" if kind.startswith("TIMESTAMP") else "text")


def as_json(fields: Mapping[str, str], empty: Iterable[str] = ()) -> str:
    """SQL for the fields as canonical JSON: sorted names, numbers at a fixed precision, times in UTC, no NaN. `empty`: further ones."""
    filled = {name: _canonical("audience." + identifier(name), kind) for name, kind in fields.items()}
    parts = ", ".join(f"{literal(name)}: {value}" for name, value in sorted({**filled, **dict.fromkeys(empty, "NULL")}.items()))
    return f"CAST(to_json({{{parts}}}) AS VARCHAR)"


def as_coarse_json(fields: Mapping[str, str]) -> str:
    """SQL for the fields as they tell customers apart at a glance: probabilities by tenths, other numbers by doublings, no lists.

    The scores of nearly everyone move a little from one night to the next: that is sent, and is no reason to stop.
    """
    kept = {name: kind for name, kind in sorted(fields.items()) if not kind.endswith("[]")}
    parts = ", ".join(f"{literal(name)}: {_coarse('audience.' + identifier(name), name, kind)}" for name, kind in kept.items())
    return f"CAST(to_json({{{parts}}}) AS VARCHAR)"


def as_probabilities(fields: Mapping[str, str]) -> str:
    """SQL for the probabilities among the fields, as they are sent: a struct, NULL where there are none."""
    parts = {name: _canonical("audience." + identifier(name), kind) for name, kind in fields.items() if name.endswith("_probability")}
    return "{" + ", ".join(f"{literal(name)}: CAST({value} AS DOUBLE)" for name, value in parts.items()) + "}" if parts else "NULL"


def _coarse(value: str, name: str, kind: str) -> str:
    if not kind.startswith(("DECIMAL", "FLOAT", "DOUBLE")):
        return _canonical(value, kind)
    number = f"CAST({value} AS DOUBLE)"
    measured = f"round({number}, 1)" if name.endswith("_probability") else f"sign({number}) * floor(log2(1 + abs({number})))"
    return f"CASE WHEN isfinite({number}) THEN {measured} + 0.0 END"


def _canonical(value: str, kind: str) -> str:
    if kind.startswith(("DECIMAL", "FLOAT", "DOUBLE")):
        # Adding zero turns -0.0 into 0.0, which are one number and two texts.
        return f"CASE WHEN isfinite(CAST({value} AS DOUBLE)) THEN round(CAST({value} AS DOUBLE), {PRECISION}) + 0.0 END"
    if kind.startswith("TIMESTAMP"):
        return f"strftime(CAST({value} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%SZ')"
    return value
