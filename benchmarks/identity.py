"""What telling who is who costs: `python -m benchmarks.identity [--customers 500000] [--chain 500]`.

Lands two records per customer (CRM and billing), 6 % duplicates, shared mailboxes, one record in a hundred that changed its address in a
second load, and one chain of merges, then lets dbt build everything up to `customer_identities`. Printed: seconds a model, peak memory
of all processes, records, customers. Twice: with billing accounts made after the CRM's record, and (the worst case: every customer
has a history) before it. Never part of the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from benchmarks.processes import Watch
from orchestration import dbt, warehouse

FIRST, BILLED, SECOND, AS_OF = "20260101T020000.000000Z", "20260101T020009.000000Z", "20260601T020000.000000Z", "2026-10-31"

CRM = """
    SELECT 'C' || i AS customer_id, TIMESTAMP '2020-01-01' + to_hours((hash(i) % 40000)::BIGINT) AS created_at,
        NULL::TIMESTAMP AS updated_at, CASE WHEN i % 400 < 8 THEN 'office' || i // 400 ELSE 'p' || i END || '@acme.example' AS email,
        '0170 ' || (10000000 + i) AS phone, 'DE' AS country, NULL AS merged_into_customer_id, '{first}' AS _load_id
    FROM range({customers}) AS t(i)
    UNION ALL
    SELECT 'D' || i, TIMESTAMP '2025-01-01', NULL,
        CASE WHEN i % 3 = 0 THEN 'P' || i || '+x@ACME.example' ELSE 'd' || i || '@acme.example' END,
        CASE WHEN i % 3 = 1 THEN '+49 170 ' || (10000000 + i) END, NULL, CASE WHEN i % 3 = 2 THEN 'C' || i END, '{first}'
    FROM range(0, {customers}, 16) AS t(i)
    UNION ALL
    SELECT 'C' || i, TIMESTAMP '2020-01-01' + to_hours((hash(i) % 40000)::BIGINT), TIMESTAMP '2026-05-01', 'new' || i || '@acme.example',
        '0170 ' || (10000000 + i), 'DE', CASE WHEN i % 200 = 0 THEN 'C' || (i + 1) END, '{second}'
    FROM range(0, {customers}, 100) AS t(i)
    UNION ALL
    SELECT 'chain' || hash(i), TIMESTAMP '2021-01-01' + to_days(i::INT), NULL, NULL, NULL, NULL, 'chain' || hash(i + 1), '{first}'
    FROM range({chain}) AS t(i)"""
BILLING = """
    SELECT 'B' || i AS billing_customer_id, CASE WHEN i % 30 > 0 THEN 'C' || i END AS customer_id, 'p' || i || '@acme.example' AS email,
        TIMESTAMP '2020-01-01' + to_hours((hash(i) % 40000)::BIGINT + {delay}) AS created_at, '{billed}' AS _load_id
    FROM range({customers}) AS t(i)"""


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=500_000)
    parser.add_argument("--chain", type=int, default=500)
    options = parser.parse_args()
    for title, delay in (("billing after CRM", 24), ("billing before CRM", -24)):
        with tempfile.TemporaryDirectory(prefix="rapport-identity-") as folder:
            database = Path(folder) / "rapport_build.duckdb"
            land(database, options.customers, options.chain, delay)
            show(title, database, *build(Path(folder), database))


def land(database: Path, customers: int, chain: int, delay: int) -> None:
    """The records, as if they had been landed in two loads."""
    made = {"crm_customers": CRM, "billing_customers": BILLING}
    with warehouse.connect(database) as connection:
        warehouse.prepare(connection)
        warehouse.expose_landing(connection, {})
        for table, query in made.items():
            rows = query.format(customers=customers, chain=chain, delay=delay, first=FIRST, billed=BILLED, second=SECOND)
            connection.execute(f"CREATE TABLE landing.made AS SELECT * FROM landing.{table}; DROP VIEW landing.{table}")
            connection.execute(
                f"INSERT INTO landing.made BY NAME SELECT *, 'files' AS _source, row_number() OVER () AS _row_number FROM ({rows})"
            )
            connection.execute(f"ALTER TABLE landing.made RENAME TO {table}")


def build(folder: Path, database: Path) -> tuple[dict[str, float], float, float]:
    """Seconds of each model, seconds of the whole dbt start, peak GiB."""
    environment = os.environ | {
        "RAPPORT_WAREHOUSE": str(database), "DBT_PROFILES_DIR": str(dbt.PROJECT), "DBT_PROJECT_DIR": str(dbt.PROJECT),
        "DBT_TARGET_PATH": str(folder), "DBT_LOG_PATH": str(folder), "DO_NOT_TRACK": "1",
    }  # fmt: skip
    chosen = ["--select", "+customer_identities", "--exclude-resource-type", "test", "unit_test"]
    command = dbt.command("build", *chosen, "--vars", json.dumps({"as_of": AS_OF}))
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    watch = Watch(process.pid)
    said, _ = process.communicate()
    if process.returncode:
        sys.exit(said[-4000:])
    seconds = {node.unique_id.split(".")[2]: node.seconds for node in dbt.run_results(folder)}
    return seconds, time.perf_counter() - began, watch.stop()


def show(title: str, database: Path, seconds: dict[str, float], whole: float, peak: float) -> None:
    """One line a model, then what came out."""
    with duckdb.connect(str(database), read_only=True) as connection:
        spans, records, customers, chained = connection.sql("""
            SELECT count(*), count_if(valid_to IS NULL), count(DISTINCT customer_key) FILTER (valid_to IS NULL),
                count(DISTINCT customer_key) FILTER (valid_to IS NULL AND source_customer_id LIKE 'chain%')
            FROM intermediate.int_identity_spans""").fetchall()[0]
    print(f"{title}: {records:,} records, {spans:,} spans, {customers:,} customers; the chain of merges is {chained}")
    for model, took in seconds.items():
        print(f"  {model:<34} {took:7.1f} s")
    print(f"  {'all of it':<34} {whole:7.1f} s, peak {peak:.1f} GiB", flush=True)


if __name__ == "__main__":
    main()
