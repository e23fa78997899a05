"""Model quality: what was accepted or refused, and every metric beside its baselines."""

from __future__ import annotations

from orchestration.report import words
from orchestration.report.content import Block, Cell, Note, Section, Table, number
from orchestration.report.marts import Row
from orchestration.report.sections.context import Context

_LATEST = "(SELECT * FROM model_quality QUALIFY as_of_date = max(as_of_date) OVER (PARTITION BY model))"
_STATES = f"""
SELECT model, any_value(status) AS status, any_value(reason) AS reason, any_value(model_version) AS model_version,
    any_value(trained_as_of) AS trained_as_of FROM {_LATEST} GROUP BY model ORDER BY model
"""
_METRICS = f"""
SELECT model, candidate, metric, value, low, high FROM {_LATEST} WHERE metric IS NOT NULL ORDER BY model, metric, candidate
"""
_GOOD = {"published"}  # the others: kept_last_good, base_rate, refused


def model_quality(context: Context) -> Section:
    """One line per model, then one table per model with a column per candidate."""
    if context.marts.is_empty("model_quality"):
        return Section("models", "Can the models be trusted?", "", [Note("No model was trained or judged in this release.")])
    states, metrics = context.marts.rows(_STATES), context.marts.rows(_METRICS)
    tables = [_measured(state["model"], [row for row in metrics if row["model"] == state["model"]]) for state in states]
    refused = [state for state in states if state["status"] not in _GOOD]
    lead = "Each metric stands beside the baselines it has to beat, with its interval."
    lead = f"{words.capitalised(words.label(refused[0]['model']))} was not published anew; the table says why. {lead}" if refused else lead
    return Section("models", "Can the models be trusted?", lead, [_states(states), *(table for table in tables if table)])


def _states(rows: list[Row]) -> Block:
    listed = [
        [Cell(words.label(row["model"])), Cell(words.label(row["status"] or ""), tone="" if row["status"] in _GOOD else "bad"),
         Cell(row["reason"] or ""), Cell(row["model_version"] or words.MISSING, code=True),
         Cell(words.MISSING if row["trained_as_of"] is None else words.day(row["trained_as_of"]))]
        for row in rows
    ]  # fmt: skip
    return Table("Models in use", ["Model", "Status", "Reason", "Version", "Trained as of"], listed)


def _measured(model: str, rows: list[Row]) -> Block | None:
    if not rows:
        return None
    candidates = list(dict.fromkeys(row["candidate"] or "model" for row in rows))
    found = {(row["metric"], row["candidate"] or "model"): row for row in rows}
    names = list(dict.fromkeys(row["metric"] for row in rows))
    listed = [[Cell(words.label(name)), *(number(_value(found.get((name, candidate)))) for candidate in candidates)] for name in names]
    return Table(
        f"{words.capitalised(words.label(model))}: metrics with 95\u202f% intervals", ["Metric", *map(words.label, candidates)], listed
    )


def _value(row: Row | None) -> str:
    if row is None or row["value"] is None:
        return words.MISSING
    places = 3 if abs(row["value"]) < 10 else 0
    value = words.decimal(row["value"], places)
    return value if row["low"] is None else f"{value} ({words.decimal(row['low'], places)} to {words.decimal(row['high'], places)})"
