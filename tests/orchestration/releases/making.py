"""A small warehouse, and releases made of it."""

from datetime import date

import duckdb

from orchestration import releases

FACTS = {
    "as_of": date(2026, 1, 31),
    "run_id": "run-1",
    "code_version": "1.0",
    "config_hash": "abc",
    "models": {"churn": "v1"},
    "sources": [],
    "checks": [],
}


def make_warehouse(path, value, rows=50):
    path.parent.mkdir(exist_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS marts; CREATE SCHEMA IF NOT EXISTS ops")
        query = f"SELECT {value} AS release_value, 'c' || i AS customer_key, i / 3 AS mrr, [i] AS reasons FROM range({rows}) AS t(i)"
        connection.execute(f"CREATE OR REPLACE TABLE marts.dim_customers AS {query} ORDER BY hash(i)")
        connection.execute("CREATE OR REPLACE VIEW marts.metric AS SELECT count(*) AS customers FROM acme.marts.dim_customers")
        connection.execute("CREATE OR REPLACE TABLE ops.quarantined_rows AS SELECT 'somebody@example.com' AS row_json")
        connection.execute("COMMENT ON COLUMN marts.dim_customers.mrr IS 'Monthly revenue'")
    return path


def publish(warehouse, home, **changed):
    return releases.publish(releases.build(warehouse, home, **{**FACTS, **changed}))
