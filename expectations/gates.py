"""Runs suites over pandas frames; the only file that knows Great Expectations' API (1.24).

Comes in: a Suite and a frame with its columns. Goes out: one CheckResult per expectation.
Great Expectations reports an expectation that could not be evaluated as one that failed, and one without any value as one that
passed; here the first is `errored` and the second `not_run`. Importing it takes six to eight seconds, so that waits for the first call.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd

from expectations.base import CheckResult, Expectation, Suite
from expectations.masking import told_key
from expectations.outcomes import EXAMPLES, Outcome, merged, results, weighed

# Great Expectations takes 25 seconds to list a million failing rows; for examples a slice of the frame is enough.
ROWS_SEARCHED_AT_ONCE = 20_000

_TABLE_KINDS = {"ExpectTableRowCountToBeBetween", "ExpectTableColumnsToMatchSet", "ExpectColumnToExist"}
_COLUMNS = {"unexpected": "not declared:", "missing": "missing:"}
_UNIQUE_KINDS = {"ExpectColumnValuesToBeUnique", "ExpectCompoundColumnsToBeUnique"}
# The last line of a traceback, or of one of several that were raised from each other.
_RAISED = re.compile(r"^[\w.]+(?=: |$)", re.MULTILINE)
# What holds of every part of a table need not hold of the table: these are asked of whole frames only.
WHOLE_KINDS = _UNIQUE_KINDS | {"ExpectTableRowCountToBeBetween"}


def validate(suite: Suite, frame: pd.DataFrame) -> list[CheckResult]:
    """One result per expectation of `suite`, or a single `not_run` when it has none.

    Raises ValueError when an expectation is misspelt or its arguments do not fit: that is a defect of the suite, not of the data.
    Fetch numbers as floats (DuckDB's `.df()` does); Python decimals and objects work but are many times slower.
    """
    return results(suite, _outcomes(suite, frame))


def validate_batches(suite: Suite, frames: Iterable[pd.DataFrame]) -> list[CheckResult]:
    """Like `validate`, over a table that comes in parts; counts are summed and the worst status stands.

    Raises ValueError for what parts cannot answer (uniqueness, row counts): those belong to SQL.
    """
    _refuse_whole_kinds(suite)
    answered: list[Outcome] = [Outcome("not_run", "there were no rows")] * len(suite.expectations)
    for frame in frames:
        answered = [merged(old, new) for old, new in zip(answered, _outcomes(suite, frame), strict=True)]
    return results(suite, answered)


def validate_condensed(suite: Suite, frame: pd.DataFrame, weight: str) -> list[CheckResult | None]:
    """Like `validate`, over a table condensed by `condensing.condensed`; `weight` is the column that says how many rows a row stands for.

    None in the place of what does not hold: which rows break it, and how many, only the rows themselves can tell.
    Raises ValueError for what a condensed table cannot answer (uniqueness, row counts).
    """
    _refuse_whole_kinds(suite)
    outcomes = _outcomes(suite, frame.drop(columns=weight))
    counted = [weighed(outcome, frame, one, weight) for outcome, one in zip(outcomes, suite.expectations, strict=True)]
    return [None if result.status in ("failed", "errored") else result for result in results(suite, counted)]


def _refuse_whole_kinds(suite: Suite) -> None:
    whole = [expectation.name for expectation in suite.expectations if expectation.kind in WHOLE_KINDS]
    if whole:
        raise ValueError(f"{suite.name}: {', '.join(whole)} cannot be judged part by part; test it in SQL")


def _outcomes(suite: Suite, frame: pd.DataFrame) -> list[Outcome]:
    """One outcome per expectation, in the suite's order."""
    for expectation in suite.expectations:
        _built(suite, expectation)  # a misspelt expectation raises, also where the frame is empty
    early = [_not_evaluable(expectation, frame) for expectation in suite.expectations]
    todo = [position for position, outcome in enumerate(early) if outcome is None]
    ran = dict(zip(todo, _run(suite, [suite.expectations[position] for position in todo], frame), strict=True))
    return [outcome or ran[position] for position, outcome in enumerate(early)]


def _not_evaluable(expectation: Expectation, frame: pd.DataFrame) -> Outcome | None:
    if expectation.kind in _TABLE_KINDS:
        return None
    missing = [column for column in expectation.columns if column not in frame.columns]
    if missing:
        return Outcome("errored", f"the column {', '.join(missing)} is not there")
    return Outcome("not_run", "there were no rows") if frame.empty else None


def _run(suite: Suite, expectations: Sequence[Expectation], frame: pd.DataFrame) -> list[Outcome]:
    found = _evaluate(suite, expectations, frame, {"result_format": "BASIC", "partial_unexpected_count": 0})
    return [_outcome(suite, expectation, result, frame) for expectation, result in zip(expectations, found, strict=True)]


def _outcome(suite: Suite, expectation: Expectation, result: Any, frame: pd.DataFrame) -> Outcome:
    error = _error(result.exception_info)
    if error:
        return Outcome("errored", error)
    measured = result.result
    if expectation.kind in _TABLE_KINDS or "element_count" not in measured:
        return Outcome("passed" if result.success else "failed", _observed(measured))
    kept_missing = expectation.kind == "ExpectColumnValuesToNotBeNull"
    evaluated = int(measured["element_count"]) - (0 if kept_missing else int(measured.get("missing_count") or 0))
    if not evaluated:
        return Outcome("not_run", "there were no values", 0)
    unexpected = int(measured["unexpected_count"])
    if result.success:
        return Outcome("passed", "", evaluated, unexpected)
    return Outcome("failed", "", evaluated, unexpected, _examples(suite, expectation, frame))


def _observed(measured: Mapping[str, Any]) -> str:
    """What was found of a table as a whole; of its columns those that should not be there, or should."""
    columns = (measured.get("details") or {}).get("mismatched") or {}
    if columns:
        return "; ".join(f"{words} {', '.join(columns[kind])}" for kind, words in _COLUMNS.items() if columns.get(kind))
    value = measured.get("observed_value")
    return "" if value is None else f"observed {value}"


def _error(info: Any) -> str | None:
    """The kind of error behind an `exception_info` of either shape; its message may quote values and is left out."""
    parts = [info] if "raised_exception" in info else list(info.values())
    raised = [part for part in parts if isinstance(part, dict) and part.get("raised_exception")]
    if not raised:
        return None
    # What Great Expectations raised from it says only that something was wrong; the first in the traceback says what.
    kinds = _RAISED.findall(str(raised[0].get("exception_traceback") or ""))
    kind = kinds[0].rsplit(".", 1)[-1] if kinds else "unknown error"
    return f"could not be evaluated ({kind}); does what it asks fit the type of the column?"


def _examples(suite: Suite, expectation: Expectation, frame: pd.DataFrame) -> tuple[str, ...]:
    """Keys of failing rows, from the first slice of the frame that has any."""
    key = [column for column in suite.key if column in frame.columns]
    if not expectation.shows_keys or len(key) < len(suite.key):
        return ()
    asked = {"result_format": "SUMMARY", "partial_unexpected_count": EXAMPLES, "unexpected_index_column_names": key}
    for part in _slices(expectation, frame):
        (result,) = _evaluate(suite, [expectation], part, asked)
        rows = result.result.get("partial_unexpected_index_list") or []
        if rows:
            return tuple(told_key((column, _plain(row[column])) for column in key) for row in rows[:EXAMPLES])
    return ()


def _plain(value: Any) -> str | None:
    """A day is a day: pandas gives it as its midnight. None for what is missing."""
    return None if pd.isna(value) else str(value).removesuffix(" 00:00:00")


def _slices(expectation: Expectation, frame: pd.DataFrame) -> Iterable[pd.DataFrame]:
    if expectation.kind in _UNIQUE_KINDS:
        columns = list(expectation.columns)
        yield frame[frame.duplicated(columns, keep=False)].sort_values(columns).head(2 * EXAMPLES)
        return
    for start in range(0, len(frame), ROWS_SEARCHED_AT_ONCE):
        yield frame.iloc[start : start + ROWS_SEARCHED_AT_ONCE]


def _evaluate(suite: Suite, expectations: Sequence[Expectation], frame: pd.DataFrame, result_format: dict[str, Any]) -> list[Any]:
    """Great Expectations' own results, in the order of `expectations` (it regroups them by column)."""
    if not expectations:
        return []
    gx = _gx()
    built = [_built(suite, expectation, position) for position, expectation in enumerate(expectations)]
    batch = _batches().get_batch({"dataframe": frame})
    results = batch.validate(gx.ExpectationSuite(name=suite.name, expectations=built), result_format=result_format).results
    ordered = sorted(results, key=lambda result: int(result.expectation_config.meta["position"]))
    if len(ordered) != len(expectations):
        raise RuntimeError(f"{suite.name}: {len(expectations)} expectations were asked and {len(ordered)} answered")
    return ordered


def _built(suite: Suite, expectation: Expectation, position: int = 0) -> Any:
    classes = _gx().expectations
    known = getattr(classes, expectation.kind, None)
    if known is None:
        close = difflib.get_close_matches(expectation.kind, dir(classes), 1)
        raise ValueError(f"{suite.name}: there is no expectation {expectation.kind}" + (f"; did you mean {close[0]}?" if close else ""))
    try:
        return known(**expectation.arguments, meta={"position": position})
    except (TypeError, ValueError) as error:
        raise ValueError(f"{suite.name}: {expectation.name}: {' '.join(str(error).split())}") from error


@cache
def _gx() -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # must be set before the import; nothing here calls home
    import great_expectations
    import great_expectations.expectations
    from great_expectations.execution_engine import pandas_execution_engine

    # A frame below this size is hashed, twice, for an id of the batch that nobody reads: half of what a large audience costs.
    pandas_execution_engine.HASH_THRESHOLD = 0
    # What an expectation was given is put together anew for each of its keys: a third of what small tables cost.
    every: Any = great_expectations.expectations.Expectation
    every._get_domain_kwargs = lambda asked: _given(asked, asked.domain_keys)
    every._get_success_kwargs = lambda asked: _given(asked, (*asked.success_keys, *asked.domain_keys))
    return great_expectations


def _given(expectation: Any, keys: Iterable[str]) -> dict[str, Any]:
    """What an expectation was given, or else takes, for each of `keys`."""
    given = expectation.configuration.kwargs
    return {key: given[key] if key in given else expectation._get_default_value(key) for key in keys}


@cache
def _batches() -> Any:
    """One in-memory context and one batch definition for all frames; progress bars off."""
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = _gx().get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context.data_sources.add_pandas("frames").add_dataframe_asset("frame").add_batch_definition_whole_dataframe("whole")
