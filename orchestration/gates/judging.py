"""A table of the warehouse judged by its suite.

Comes in: a connection, a Suite, and the relation it speaks of. Goes out: one CheckResult per expectation. What is asked row by row is
asked of the table condensed to what the suite looks at: sixty million rows become a few hundred. Only what does not hold of those
is asked of the rows themselves. What names a column that is not there has errored, and stops nothing else from being asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import duckdb
import pandas as pd

from expectations import gates
from expectations.base import CheckResult, Suite
from expectations.condensing import WEIGHT, condensed
from expectations.outcomes import Outcome, results
from orchestration.sql_text import identifier

# No frame of rows has more than this.
ROWS_AT_ONCE = 1_000_000
_VECTORS_AT_ONCE = ROWS_AT_ONCE // 2048


def judged(connection: duckdb.DuckDBPyConnection, suite: Suite, relation: str) -> list[CheckResult]:
    """One result per expectation of `suite` that can be asked of a table of this size; all errored where there is no such table."""
    types = _types(connection, relation)
    if types is None:
        return results(suite, [Outcome("errored", f"the table {relation} is not there")] * len(suite.expectations))
    asks_for_all = any(one.kind in gates.WHOLE_KINDS for one in suite.expectations)
    rows = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
    if suite.closed is None and (not asks_for_all or (rows is not None and rows[0] > ROWS_AT_ONCE)):
        return judged_by_rows(connection, _row_by_row(suite), relation)
    there = [column for column in suite.columns if column in types]
    columns = "*" if suite.closed or not there else _listed(there)
    return gates.validate(suite, connection.execute(f"SELECT {columns} FROM {relation}").df())


def judged_by_rows(connection: duckdb.DuckDBPyConnection, suite: Suite, relation: str) -> list[CheckResult]:
    """Judgement of a condensed `relation`; for what does not hold of it, of the rows themselves, part by part."""
    types = _types(connection, relation) or {}
    nothing = pd.DataFrame(columns=list(types))
    if not suite.expectations:
        return gates.validate(suite, nothing)
    askable = tuple(one for one in suite.expectations if types.keys() >= set(one.columns))
    key = tuple(column for column in suite.key if column in types)
    answers = iter(_answers(connection, replace(suite, key=key, expectations=askable), relation, types))
    return [
        next(answers) if one in askable else gates.validate(replace(suite, expectations=(one,)), nothing)[0] for one in suite.expectations
    ]


def _answers(connection: duckdb.DuckDBPyConnection, suite: Suite, relation: str, types: Mapping[str, str]) -> list[CheckResult]:
    """One result per expectation, all columns of which are there."""
    if not suite.expectations:
        return []
    answers = gates.validate_condensed(suite, connection.execute(condensed(suite, relation, types)).df(), WEIGHT)
    doubted = tuple(one for one, answer in zip(suite.expectations, answers, strict=True) if answer is None)
    if not doubted:
        return [answer for answer in answers if answer is not None]
    again = replace(suite, expectations=doubted)
    seen = iter(gates.validate_batches(again, _frames(connection, f"SELECT {_listed(again.columns)} FROM {relation}")))
    return [answer or next(seen) for answer in answers]


def _types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str] | None:
    """Name and type of the columns of `relation`; None where it is not there."""
    try:
        return {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}
    except duckdb.CatalogException:
        return None


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(map(identifier, columns))


def _row_by_row(suite: Suite) -> Suite:
    """What can be asked of a table row by row; uniqueness in tables too large for one frame is asserted by dbt's tests of the same keys."""
    return replace(suite, expectations=tuple(one for one in suite.expectations if one.kind not in gates.WHOLE_KINDS))


def _frames(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[pd.DataFrame]:
    cursor = connection.execute(query)
    while not (frame := cursor.fetch_df_chunk(_VECTORS_AT_ONCE)).empty:
        yield frame
