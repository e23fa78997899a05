"""Model quality: what was accepted or refused, and every metric beside its baselines."""

from __future__ import annotations

from orchestration.report import measured, words
from orchestration.report.card import file_of
from orchestration.report.card_curves import compared
from orchestration.report.content import Block, Cell, Note, Section, Table
from orchestration.report.marts import Row
from orchestration.report.sections.context import Context

LATEST = """SELECT * FROM model_quality QUALIFY as_of_date = max(as_of_date) OVER (PARTITION BY model) ORDER BY model, metric, candidate"""
_STATES = f"""
SELECT model, any_value(status) AS status, any_value(reason) AS reason, any_value(model_version) AS model_version,
    any_value(trained_as_of) AS trained_as_of FROM ({LATEST}) GROUP BY model ORDER BY model
"""
_METRICS = f"""
SELECT model, candidate, metric, value, low, high FROM ({LATEST}) WHERE metric IS NOT NULL ORDER BY model, metric, candidate
"""
_GOOD = {"published"}  # the others: kept_last_good, base_rate, refused


def model_quality(context: Context) -> Section:
    """One line per model, then one table per model with a column per candidate; curves and groups stand on the models' cards."""
    if context.marts.is_empty("model_quality"):
        return Section("models", "Can the models be trusted?", "", [Note("No model was trained or judged in this release.")])
    states, metrics = context.marts.rows(_STATES), context.marts.rows(_METRICS)
    tables = [table for state in states for table in _measured(state["model"], [row for row in metrics if row["model"] == state["model"]])]
    refused = [words.label(state["model"]) for state in states if state["status"] not in _GOOD]
    lead = "Each metric stands beside the baselines it has to beat, with its interval. A model's name leads to its card."
    if refused:
        *others, last = refused
        named = f"{', '.join(others)} and {last} were" if others else f"{last} was"
        lead = f"{words.capitalised(named)} not published anew; the table says why. {lead}"
    return Section("models", "Can the models be trusted?", lead, [_states(states), *tables])


def _states(rows: list[Row]) -> Block:
    listed = [
        [Cell(words.label(row["model"]), link=file_of(row["model"])),
         Cell(words.label(row["status"] or ""), tone="" if row["status"] in _GOOD else "bad"),
         Cell(row["reason"] or ""), Cell(row["model_version"] or words.MISSING, code=True),
         Cell(words.MISSING if row["trained_as_of"] is None else words.day(row["trained_as_of"]))]
        for row in rows
    ]  # fmt: skip
    return Table("Models in use", ["Model", "Status", "Reason", "Version", "Trained as of"], listed)


def _measured(model: str, rows: list[Row]) -> list[Block]:
    return compared(measured.metrics(rows), f"{words.capitalised(words.label(model))}: metrics with 95\u202f% intervals")
