"""A table condensed for judgement: what its suite asks of each column, and no more.

Comes in: a Suite and a relation. Goes out: a query in DuckDB's dialect with the same columns and far fewer rows, of which every
expectation that judges rows one by one holds exactly where it holds of all rows. Of a column that only has to be there, whether it
is; of a column with bounds, its ends; of two columns in order, the two that are the least so; of any other, every value.
"""

from __future__ import annotations

from collections.abc import Mapping

from expectations.base import Suite

WEIGHT = "_rows"  # how many rows of the table a row stands for

_PRESENCE = {"ExpectColumnValuesToNotBeNull", "ExpectColumnToExist"}
_RANGE = {"ExpectColumnMinToBeBetween", "ExpectColumnValuesToBeBetween"}
_FLOATS = ("DOUBLE", "FLOAT")
_NOT_SUBTRACTED = ("VARCHAR", "BOOLEAN")
_ORDER = "ExpectColumnPairValuesAToBeGreaterThanB"


def condensed(suite: Suite, relation: str, types: Mapping[str, str]) -> str:
    """The query; its column WEIGHT adds up to the rows of `relation`, a table or a query in parentheses. `types`: its columns' types."""
    told = {column: _told(suite, column, types) for expectation in suite.expectations for column in expectation.columns}
    groups = ", ".join(group for group, _ in told.values())
    ends = [f"unnest([{low}, {high}]) AS {_name(column)}" for column, (_, (low, high)) in told.items()]
    return f"SELECT {', '.join([*ends, f'unnest([count(*), 0]) AS {WEIGHT}'])} FROM {relation} GROUP BY {groups or '()'}"


def _told(suite: Suite, column: str, types: Mapping[str, str]) -> tuple[str, tuple[str, str]]:
    """What rows are grouped by for the sake of `column`, and its two values in a group."""
    asked = [one for one in suite.expectations if column in one.columns and one.kind not in _PRESENCE]
    name = _name(column)
    # pandas takes NaN for missing, DuckDB for the largest number
    is_missing = f"({name} IS NULL OR isnan({name}))" if types[column] in _FLOATS else f"({name} IS NULL)"
    if not asked:
        there = f"CASE WHEN NOT {is_missing} THEN true END"
        return is_missing, (there, there)
    if {one.kind for one in asked} <= _RANGE:
        return is_missing, (f"min({name})", f"max({name})")
    if len(asked) == 1 and asked[0].kind == _ORDER:
        pair = [asked[0].arguments[side] for side in ("column_A", "column_B")]
        if not any(types[one] in _NOT_SUBTRACTED for one in pair):
            least = f"coalesce(min_by({name}, {_name(pair[0])} - {_name(pair[1])}), any_value({name}))"
            return is_missing, (least, least)
    return name, (name, name)


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
