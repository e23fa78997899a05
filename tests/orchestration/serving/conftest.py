"""A small release to hand on."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration import releases

FIRST = """
CREATE TABLE marts.dim_customers AS
    SELECT 'c' || i AS customer_key, CASE WHEN i % 2 = 0 THEN 'DE' END AS country, (i * 1.25)::DECIMAL(28, 6) AS amount,
        TIMESTAMP '2026-01-01' + to_days(i::INTEGER) AS first_seen_at, [country, 'x'] AS tags, i % 3 = 0 AS is_active
    FROM range(1, 6) AS t(i);
CREATE TABLE marts.metric_mrr_movements (month DATE, new_mrr DOUBLE);
CREATE TABLE marts.fct_feedback AS SELECT 'c1' AS customer_key, 'written in confidence' AS comment;
CREATE TABLE marts.sync_files__customer_scores AS SELECT 'c1' AS customer_key, 'ada@example.org' AS email;
"""


def published(home: Path, sql: str, as_of: str = "2026-01-31") -> releases.Release:
    """A release of what `sql` puts into schema marts."""
    from datetime import date

    home.mkdir(exist_ok=True)
    warehouse = home / "warehouse.duckdb"
    warehouse.unlink(missing_ok=True)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute(sql)
    facts = {"run_id": "r", "code_version": "v", "config_hash": "c", "models": [], "sources": [], "checks": {}}
    return releases.publish(releases.build(warehouse, home, as_of=date.fromisoformat(as_of), **facts))
