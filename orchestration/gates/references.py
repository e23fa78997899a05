"""How many ids of other tables name nothing that has landed, where a row may do without: no such row waits in quarantine.

Comes in: a connection to a warehouse, and a condition on the rows of each table that are to be looked at.
Goes out: a frame for the landing gate to judge.
One lost customer is no fault; when half of them are, ids have lost their zeros or are those of another system, and every sum by customer
is wrong without a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb
import pandas as pd

from orchestration.contract import Parent

_ANY_SOURCE = "crm_customers"  # whose records facts of other sources may be about (docs/decisions/0011 and 0027)
REFERENCES = {
    "billing_customers": Parent("customer_id", "crm_customers", "customer_id"),
    "billing_invoice_lines": Parent("subscription_id", "billing_subscriptions", "subscription_id"),
    "billing_payments": Parent("invoice_id", "billing_invoice_lines", "invoice_id"),
    "survey_responses": Parent("customer_id", "crm_customers", "customer_id"),
}


def measure(connection: duckdb.DuckDBPyConnection, rows: Mapping[str, str]) -> pd.DataFrame:
    """One row per source and table that names anything: `named`, `unknown` (rows), and what is named.

    rows  table → condition on its landed rows that are to be looked at
    Where nothing of the table that is named has landed there is nothing to be told: its system is not connected.
    """
    found = [row for table, condition in rows.items() for row in _measured(connection, table, condition)]
    return pd.DataFrame(found, columns=["source", "table_name", "column_name", "parent", "named", "unknown"])


def _measured(connection: duckdb.DuckDBPyConnection, table: str, condition: str) -> Iterator[tuple[object, ...]]:
    parent = REFERENCES[table]
    sources = "" if parent.table == _ANY_SOURCE else "AND has._source = one._source"
    held = f"SELECT DISTINCT _source, {parent.parent_column} AS id FROM landing.{parent.table} WHERE NOT coalesce(_is_deleted, false)"
    query = f"""
        WITH held AS ({held}),
        one AS (
            SELECT _source, {parent.column} AS id FROM landing.{table}
            WHERE {condition} AND {parent.column} IS NOT NULL AND NOT coalesce(_is_deleted, false)
        )
        SELECT one._source, count(*), count(*) FILTER (NOT EXISTS (FROM held AS has WHERE has.id = one.id {sources}))
        FROM one WHERE EXISTS (FROM held AS has WHERE true {sources}) GROUP BY one._source ORDER BY one._source"""
    for source, named, unknown in connection.execute(query).fetchall():
        yield source, table, parent.column, parent.table, named, unknown
