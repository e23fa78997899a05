"""What one expectation gave on one frame, how parts of a table add up, and how it is told as a CheckResult."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from expectations.base import CheckResult, Expectation, Status, Suite

EXAMPLES = 10
_WORST_FIRST: tuple[Status, ...] = ("errored", "failed", "passed", "not_run")


@dataclass(frozen=True)
class Outcome:
    """What one expectation gave on one frame; `evaluated` is the number of values looked at, None for a whole table."""

    status: Status
    observed: str = ""
    evaluated: int | None = None
    unexpected: int | None = None
    examples: tuple[str, ...] = ()


def results(suite: Suite, outcomes: Sequence[Outcome]) -> list[CheckResult]:
    """One result per expectation, or a single `not_run` for a suite that asks nothing."""
    if not suite.expectations:
        return [CheckResult(suite.name, "", suite.table_name, "not_run", None, "the suite has no expectations", None, "block", "")]
    return [_result(suite, expectation, outcome) for expectation, outcome in zip(suite.expectations, outcomes, strict=True)]


def _result(suite: Suite, expectation: Expectation, outcome: Outcome) -> CheckResult:
    return CheckResult(
        suite=suite.name,
        expectation=expectation.name,
        table_name=suite.table_name,
        status=outcome.status,
        success=None if outcome.status == "not_run" else outcome.status == "passed",
        observed=outcome.observed or _counted(outcome),
        unexpected_count=outcome.unexpected,
        severity=expectation.severity,
        description=f"{expectation.protects} Ask {expectation.asks}.",
        examples=list(outcome.examples),
    )


def of_the_whole(result: CheckResult, table: str, expectation: str | None = None) -> CheckResult:
    """`result` about one number that was measured of a table: a frame with that number is judged, and its row is none of the table's."""
    return replace(result, table_name=table, expectation=expectation or result.expectation, unexpected_count=None, examples=[])


def _counted(outcome: Outcome) -> str:
    return "" if outcome.evaluated is None else f"{outcome.unexpected or 0:,} of {outcome.evaluated:,} values"


def merged(one: Outcome, other: Outcome) -> Outcome:
    """The outcome over two parts of a table: counts add up, the worst status stands."""
    status = min(one.status, other.status, key=_WORST_FIRST.index)
    said = next((part.observed for part in (one, other) if part.status == status and part.observed), "")
    return Outcome(
        status,
        said,
        _sum(one.evaluated, other.evaluated),
        _sum(one.unexpected, other.unexpected),
        (one.examples + other.examples)[:EXAMPLES],
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def weighed(outcome: Outcome, frame: pd.DataFrame, expectation: Expectation, weight: str) -> Outcome:
    """`outcome` with the number of values in all rows, not in the condensed ones."""
    if not outcome.evaluated:
        return outcome
    has_values = frame[list(expectation.columns)].notna().all(axis=1)
    return replace(outcome, evaluated=int(frame.loc[has_values, weight].sum()))


def before(nights: float) -> str:
    """How long a history is: `the night before`, `the 12 nights before`."""
    return "the night before" if nights == 1 else f"the {int(nights):,} nights before"
