"""Which loads of the input tables a gate looks at.

Comes in: a connection whose `ops.gate_loads` lists all that has landed. Goes out: conditions on constants of the landing views, so that
the files of other loads are not even opened: what a gate costs grows with what is new, not with what there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb

from orchestration.sql_text import literal

Load = tuple[str, str]  # source, load id
_JUDGED = "CREATE TABLE IF NOT EXISTS ops.judged_loads (source VARCHAR, table_name VARCHAR, load_id VARCHAR)"
_UNJUDGED = "SELECT source, table_name, load_id FROM ops.gate_loads EXCEPT FROM ops.judged_loads"


def by_table(rows: Iterable[tuple[str, str, str]]) -> dict[str, list[Load]]:
    """Table → its loads in order, of rows (source, table, load id)."""
    loads: dict[str, list[Load]] = {}
    for source, table_name, load_id in sorted(rows):
        loads.setdefault(table_name, []).append((source, load_id))
    return loads


def within(loads: Sequence[Load]) -> str:
    """The condition that a landed row is of one of these loads; false where there are none."""
    by_source: dict[str, list[str]] = {}
    for source, load_id in loads:
        by_source.setdefault(source, []).append(literal(load_id))
    return (
        "(" + (" OR ".join(f"(_source = {literal(s)} AND _load_id IN ({', '.join(ids)}))" for s, ids in by_source.items()) or "false") + ")"
    )


def unjudged(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Load]]:
    """The loads that no landing gate has let pass so far."""
    connection.execute(_JUDGED)
    return by_table(connection.execute(_UNJUDGED).fetchall())


def let_pass(connection: duckdb.DuckDBPyConnection) -> None:
    """Remember that all that has landed was judged and found good."""
    connection.execute(f"INSERT INTO ops.judged_loads {_UNJUDGED}")
