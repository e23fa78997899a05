"""What a gate lets pass and a person should not miss: a line each, told below `Noticed` when the night ends.

Comes in: what became of expectations. Goes out: lines without values of rows. A check that could not be evaluated says nothing of the
data: where it would only have warned, this is where somebody hears that nobody looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from expectations.base import CheckResult
from expectations.wording import in_words
from orchestration.gates.gatekeeping import REFERENCES


def of_landing(results: Iterable[CheckResult]) -> Iterator[str]:
    """Where numbers may be wrong though nothing is refused; how much came, and when, is on the page of the release."""
    for one in results:
        yield from _not_evaluated(one)
        if one.severity == "warn" and one.status == "failed" and one.suite not in ("landing:volume", "landing:freshness"):
            place = "" if one.suite == REFERENCES else f"{one.table_name}: "
            of = "" if one.suite == REFERENCES else f" of {one.column}"
            yield f"{place}{one.observed}{of}: {one.description}"


def of_dimensions(unsaid: Iterable[str]) -> Iterator[str]:
    """Dimensions that would split every metric into one part."""
    for name in unsaid:
        yield f"extra_dimensions: no customer has a {name}, so that metrics by it know `unknown` alone; is it spelled as the exports do?"


def of_marts(results: Iterable[CheckResult]) -> Iterator[str]:
    """Columns that are spread otherwise than in the release before, or say of the past what it did not: rather a broken source."""
    for one in results:
        yield from _not_evaluated(one)
        if one.status == "failed" and one.expectation.startswith("Drift("):
            yield f"{one.table_name}.{one.column} has drifted: {one.observed}"
        if one.status == "failed" and one.severity == "warn" and one.expectation.startswith("Rewritten("):
            yield f"{one.table_name}.{one.column}: {one.observed}"


def _not_evaluated(one: CheckResult) -> Iterator[str]:
    if one.severity == "warn" and one.status == "errored":
        yield f"{one.table_name}: '{in_words(one.expectation)}' errored: {one.observed.rstrip('?.')}. {one.description}"
