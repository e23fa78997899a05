"""What an expectation asks, as a sentence: for pages, and for whoever is told that it does not hold.

Comes in: the name of an expectation, as `Expectation.name` gives it or a gate made it. Goes out: words, its columns as they are called.
dbt's tests are in words already (orchestration/dbt/wording.py).
"""

from __future__ import annotations

SENTENCES = {
    "ColumnMaxToBeBetween": "the last {} is plausible",
    "ColumnMinToBeBetween": "the first {} is plausible",
    "ColumnPairValuesAToBeGreaterThanB": "{} is not below {}",
    "ColumnValuesToBeBetween": "{} is in its range",
    "ColumnValuesToBeInSet": "{} is one of its list",
    "ColumnValuesToBeUnique": "{} is unique",
    "ColumnValuesToNotBeNull": "{} is there",
    "ColumnValuesToNotMatchRegex": "{} is no e-mail address",
    "CompoundColumnsToBeUnique": "{} together are unique",
    "Drift": "{} is spread as in the release before",
    "Rewritten": "{} of earlier rows is what it was in the release before",
    "TableColumnsToMatchSet": "there are no other columns",
    "TableRowCountToBeBetween": "the number of rows is plausible",
}
# What is measured of a load as a whole has no column of its table; a suite without expectations asks nothing.
_WHOLE = {
    "ColumnValuesToBeBetween(share)": "few rows stepped aside",
    "ColumnValuesToBeBetween(times_usual)": "the load has about its usual size",
    "ColumnValuesToBeBetween(days_behind)": "the newest row is recent",
    "ColumnValuesToBeBetween(unknown_share)": "most rows name what has landed",
    "": "nothing is asked",
}


def in_words(expectation: str) -> str:
    """`order_id is there` of `ColumnValuesToNotBeNull(order_id)`; what has no sentence stays as it is."""
    if expectation in _WHOLE:
        return _WHOLE[expectation]
    kind, _, columns = expectation.partition("(")
    if kind not in SENTENCES:
        return expectation
    named = columns.rstrip(")").split(", ")
    wanted = SENTENCES[kind].count("{}")
    return SENTENCES[kind].format(*(named if wanted == len(named) else [", ".join(named)] * wanted))
