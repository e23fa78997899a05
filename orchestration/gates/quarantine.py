"""The landing gate for rows: what breaks the contract waits in `ops.quarantined_rows`, the rest goes on.

Comes in: a connection to the warehouse with its `landing.*` views, the as-of date, the largest believable amount, the currencies.
Goes out: `ops.quarantined_rows` (one row per landed row and rule it breaks) and the counts of each source and table.

Only new loads are read in full. What they break is kept in `ops.gate_broken`; each night asks again which of those rows have been
mended since, or have got their parent. Landed files never change, so this equals a full recomputation; where it would not
(a load was rewritten or is gone, a rule or a limit changed, an id may stop to be one customer's) everything is examined again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb

from orchestration.contract import INPUT_TABLES, Table
from orchestration.gates import between_rows as sql
from orchestration.gates.loads import Load, by_table, within
from orchestration.gates.quarantine_counts import TableCounts, counts
from orchestration.gates.row_rules import RowRule, own_rules, read_currencies

__all__ = ["TableCounts", "counts", "examine"]

PEOPLE = "crm_customers"
_MEMORY = {
    "gate_loads": "source VARCHAR, table_name VARCHAR, load_id VARCHAR, landed BIGINT, tombstones BIGINT, rules VARCHAR",
    "gate_broken": """source VARCHAR, table_name VARCHAR, load_id VARCHAR, row_number BIGINT, row_key VARCHAR, rule VARCHAR,
        column_name VARCHAR, reason VARCHAR, row_json VARCHAR, waits_for VARCHAR""",
}
_FOUND = "source VARCHAR, load_id VARCHAR, row_number BIGINT, rule VARCHAR, column_name VARCHAR, reason VARCHAR, waits_for VARCHAR"


def examine(
    connection: duckdb.DuckDBPyConnection, *, as_of: date, max_amount: float, currencies: Path, full: bool = False
) -> list[TableCounts]:
    """Bring `ops.quarantined_rows` up to date with what has landed; returns the counts of every source and table.

    max_amount in major units; currencies is the seed `currency,exponent,name`; full forgets what earlier nights found.
    All or nothing: an error leaves the quarantine as it was.
    """
    known = read_currencies(currencies)
    rules = {table.name: own_rules(table, known, max_amount) for table in INPUT_TABLES.values()}
    connection.begin()
    try:
        _prepare(connection)
        _list_loads(connection)
        hosts, guests = _hosts(connection)
        # With several CRMs an id may stop to be one customer's: what was accepted by it is then looked at anew.
        new_loads = _new_loads(connection, _fingerprint(rules, guests), full or (len(hosts) > 1 and bool(guests)))
        concerned = new_loads.keys() | _waiting(connection)
        for table in sorted((table for table in INPUT_TABLES.values() if table.name in concerned), key=sql.depth):
            _examine_table(connection, table, rules[table.name], new_loads.get(table.name, []), guests)
            _publish(connection, table, as_of)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return counts(connection)


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    for name, columns in _MEMORY.items():
        connection.execute(f"CREATE TABLE IF NOT EXISTS ops.{name} ({columns})")


def _list_loads(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `landed_loads`: what is landed now, per source, table and load; the rules that it is examined by are still to be told."""
    landed = " UNION ALL ".join(
        f"""SELECT _source AS source, '{name}' AS table_name, _load_id AS load_id, count_if({sql.LIVE}) AS landed,
            count_if(coalesce(_is_deleted, false)) AS tombstones, CAST(NULL AS VARCHAR) AS rules FROM landing.{name} GROUP BY ALL"""
        for name in INPUT_TABLES
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE landed_loads AS {landed}")


def _hosts(connection: duckdb.DuckDBPyConnection) -> tuple[list[str], list[str]]:
    """The sources that have CRM records, and those that have only facts about people of theirs; the same as in int_customer_identities."""
    found = connection.execute("SELECT DISTINCT source, table_name FROM landed_loads").fetchall()
    facts = {table.name for table in INPUT_TABLES.values() if any(parent.table == PEOPLE for parent in table.parents)}
    hosts = {source for source, table in found if table == PEOPLE}
    return sorted(hosts), sorted({source for source, table in found if table in facts} - hosts)


def _fingerprint(rules: Mapping[str, list[RowRule]], guests: Sequence[str]) -> str:
    between = [sql.conflicting_copies(table, "") for table in INPUT_TABLES.values()]
    return hashlib.sha256(repr((sorted(rules.items()), between, guests)).encode()).hexdigest()[:16]


def _new_loads(connection: duckdb.DuckDBPyConnection, fingerprint: str, full: bool) -> dict[str, list[Load]]:
    """Table → (source, load id) not examined so far, noted as examined; all of them when the memory cannot be trusted."""
    connection.execute("UPDATE landed_loads SET rules = ?", [fingerprint])
    stale = connection.execute("SELECT count(*) FROM (FROM ops.gate_loads EXCEPT FROM landed_loads)").fetchone()
    if full or stale != (0,):
        for name in _MEMORY:
            connection.execute(f"DELETE FROM ops.{name}")
    fresh = connection.execute("SELECT source, table_name, load_id FROM (FROM landed_loads EXCEPT FROM ops.gate_loads)").fetchall()
    connection.execute("DELETE FROM ops.gate_loads; INSERT INTO ops.gate_loads FROM landed_loads; DROP TABLE landed_loads")
    return by_table(fresh)


def _waiting(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Tables of which a row was found broken, or is in quarantine: they are asked again every night, those without news or wait are not."""
    asked = "SELECT table_name FROM ops.gate_broken UNION SELECT table_name FROM ops.quarantined_rows"
    return {name for (name,) in connection.execute(asked).fetchall()}


def _examine_table(
    connection: duckdb.DuckDBPyConnection, table: Table, rules: list[RowRule], loads: list[Load], guests: Sequence[str]
) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE found ({_FOUND})")
    scope = within(loads)
    if loads:
        connection.execute(f"INSERT INTO found {sql.own_breaches(table, rules, scope)}")
        _find_conflicts(connection, table, scope)
    for parent in table.parents:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE parents AS {sql.parent_state(parent, guests if parent.table == PEOPLE else ())}")
        for statement in sql.release_children(table, parent):
            connection.execute(statement)
        if loads:
            connection.execute(f"INSERT INTO found {sql.waiting_rows(table, parent, scope)}")
    _remember(connection, table, scope)


def _find_conflicts(connection: duckdb.DuckDBPyConnection, table: Table, scope: str) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE shared_keys AS {sql.shared_keys(table, scope)}")
    if not _is_empty(connection, "shared_keys"):
        connection.execute(f"INSERT INTO found {sql.conflicting_copies(table, scope)}")


def _remember(connection: duckdb.DuckDBPyConnection, table: Table, scope: str) -> None:
    if _is_empty(connection, "found"):
        return
    connection.execute(f"""
        INSERT INTO ops.gate_broken
        WITH breaches AS (
            SELECT source, load_id, row_number, rule, string_agg(DISTINCT column_name, ', ' ORDER BY column_name) AS column_name,
                string_agg(DISTINCT reason, '; ' ORDER BY reason) AS reason, any_value(waits_for) AS waits_for
            FROM found GROUP BY ALL
        ),
        whole AS (
            SELECT {sql.ROW}, {sql.key_text(table)} AS row_key, {sql.row_json(table)} AS row_json
            FROM landing.{table.name}
            SEMI JOIN found ON found.source = _source AND found.load_id = _load_id AND found.row_number = _row_number
            WHERE {scope}
        )
        SELECT source, '{table.name}', load_id, row_number, row_key, rule, column_name, reason, row_json, waits_for
        FROM breaches JOIN whole USING (source, load_id, row_number)""")


def _publish(connection: duckdb.DuckDBPyConnection, table: Table, as_of: date) -> None:
    """Replace the table's quarantined rows by the broken ones that nothing has mended, each with the day it was first seen."""
    mine = f"table_name = '{table.name}'"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE before AS FROM ops.quarantined_rows WHERE {mine}")
    connection.execute(f"DELETE FROM ops.quarantined_rows WHERE {mine}")
    if _is_empty(connection, f"ops.gate_broken WHERE {mine}"):
        return
    connection.execute(f"CREATE OR REPLACE TEMP TABLE mended AS {sql.mended_rows(table, as_of)}")
    day = f"DATE '{as_of}'"
    connection.execute(f"""
        INSERT INTO ops.quarantined_rows BY NAME
        SELECT broken.* EXCLUDE (waits_for), least(coalesce(before.first_seen_as_of, {day}), {day}) AS first_seen_as_of
        FROM ops.gate_broken AS broken
        ANTI JOIN mended USING (source, load_id, row_number)
        LEFT JOIN before USING (source, table_name, load_id, row_number, rule)
        WHERE broken.{mine}
        ORDER BY source, load_id, row_number, rule""")


def _is_empty(connection: duckdb.DuckDBPyConnection, rows: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {rows} LIMIT 1").fetchone() is None
