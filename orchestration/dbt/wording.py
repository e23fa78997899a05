"""dbt's tests in words: what each asks, and what goes wrong where it does not hold."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

_ASK = "Ask the owner of the model, or the data team."
_GENERIC = {
    "one_row_per": (
        "one row per {columns}",
        "A key that comes twice doubles whatever is joined to it; one that is missing is joined to nothing.",
    ),
    "never_missing": ("{columns} never missing", "What has no value falls out of sums and out of joins."),
    "not_null": ("{column_name} never missing", "What has no value falls out of sums and out of joins."),
    "accepted_values": ("{column_name} is one of {values}", "A value that nobody expects falls out of whatever counts by it."),
    "relationships": ("each {column_name} is one of {to}", "Rows of nobody are in the totals and under no name."),
    "parts_sum_to_whole": ("values of each dimension add up to all", "A new value of a dimension must not vanish: {counts}, by {by}."),
}
_BY_NAME = {
    "holds": "In every row: {condition}.",
    "reconciles_with_staging": "Nothing was lost or doubled between {table} and here.",
}


def in_words(declared: Mapping[str, Any]) -> tuple[str, str]:
    """What a test of the manifest asks, and why with whom to ask; a test's own description goes before ours."""
    name = str(declared.get("name") or "").removeprefix("assert_").replace("_", " ")
    asked = declared.get("test_metadata") or {}
    kind, told = asked.get("name"), {key: _listed(value) for key, value in (asked.get("kwargs") or {}).items()}
    if kind in _GENERIC:
        name, why = (words.format_map(told) for words in _GENERIC[kind])
    elif kind in _BY_NAME:
        why = _BY_NAME[kind].format_map(told)
    else:
        why = _first_comment(str(declared.get("raw_code") or ""))
    return name, f"{declared.get('description') or why} {_ASK}".lstrip()


def _listed(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(part) for part in value)
    return str(value).removeprefix("ref('").removesuffix("')")


def _first_comment(code: str) -> str:
    """The comment that a test of its own file begins with, after its settings."""
    lines = itertools.dropwhile(lambda line: not line.startswith("--"), code.splitlines())
    return " ".join(line.removeprefix("--").strip() for line in itertools.takewhile(lambda line: line.startswith("--"), lines))
