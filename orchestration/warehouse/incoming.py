"""What other parts of a night hand to the models: scores, proposals, and what activation and erasures left behind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.sql_text import literal
from orchestration.warehouse.tables import NOTHING_SENT, SCORE_TABLES

DAYS_PUBLISHED = 7  # of the sync log, attempt by attempt
# Of one ranking alone DuckDB keeps a row a record instead of sorting all.
_IS_LAST = "row_number() OVER (PARTITION BY destination, audience, external_id ORDER BY attempted_at DESC) = 1"


def write_scores(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> int:
    """Replace `ml.<table>` by `rows`; columns go by name. Returns the number of rows written."""
    names = [part.split()[0] for part in _split_columns(SCORE_TABLES[table])]
    unknown = set(rows.column_names) ^ set(names)
    if unknown:
        raise ValueError(f"ml.{table}: columns do not fit: {', '.join(sorted(unknown))}")
    connection.register("incoming_scores", rows)
    connection.execute(f"CREATE OR REPLACE TABLE ml.{table} ({SCORE_TABLES[table]})")
    connection.execute(f"INSERT INTO ml.{table} ({', '.join(names)}) SELECT {', '.join(names)} FROM incoming_scores")
    connection.unregister("incoming_scores")
    return rows.num_rows


def replace_model_run(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    """Replace the rows of `ml.model_runs` that are about the models in `rows`; what another night left of others goes too."""
    connection.register("incoming_runs", rows)
    connection.execute(
        """DELETE FROM ml.model_runs
        WHERE model IN (SELECT model FROM incoming_runs) OR as_of_date <> (SELECT as_of_date FROM ops.night)"""
    )
    connection.execute("INSERT INTO ml.model_runs BY NAME SELECT * FROM incoming_runs")
    connection.unregister("incoming_runs")


def write_proposals(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    """Replace `ops.identity_proposals` by `rows`, stamped with the night that the warehouse holds."""
    connection.register("incoming_proposals", rows)
    connection.execute("DELETE FROM ops.identity_proposals")
    night = "(SELECT as_of_date FROM ops.night) AS as_of_date"
    connection.execute(f"INSERT INTO ops.identity_proposals BY NAME SELECT *, {night} FROM incoming_proposals")
    connection.unregister("incoming_proposals")


def load_hash_key(connection: duckdb.DuckDBPyConnection, salt: str) -> None:
    """The key of hashed personal values where the models find it; it is nowhere else in what dbt is told or writes down."""
    connection.execute("CREATE OR REPLACE TABLE ops.hash_key (salt VARCHAR)")
    connection.execute("INSERT INTO ops.hash_key VALUES (?)", [salt])


def expose_sync_log(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Point the view `ops.sync_log` at what of activation's log the next release publishes, from Parquet files of `folder` that hold a part
    each: every attempt of the newest DAYS_PUBLISHED days; of the time before, for each record, the last attempt that was acknowledged and
    the last that was not. A release that held ninety nights would copy nine million rows to say what the one before it said.
    """
    if connection.execute("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'ops' AND table_name = 'sync_log'").fetchone():
        connection.execute("DROP TABLE ops.sync_log")  # into which older versions copied it
    files = folder / "*.parquet"
    # By a pattern: a sync by hand before the release is made adds files, and may drop some.
    logged = f" UNION ALL BY NAME FROM read_parquet({literal(files)}, union_by_name = true)" * any(folder.glob(files.name))
    log = f"({NOTHING_SENT}{logged})"
    since = f"(TIMESTAMP {literal(_newest(connection, log) - timedelta(days=DAYS_PUBLISHED))})"
    older = f"(FROM {log} WHERE attempted_at < {since})"
    last = " UNION ALL ".join(
        f"(FROM {older} WHERE outcome {test} 'acknowledged' QUALIFY {_IS_LAST})" for test in ("=", "IS DISTINCT FROM")
    )
    connection.execute(f"CREATE OR REPLACE TABLE ops.sync_log_before AS {last}")
    connection.execute(f"""CREATE OR REPLACE VIEW ops.sync_log AS
        FROM {log} WHERE attempted_at >= {since} UNION ALL BY NAME FROM ops.sync_log_before""")


def _newest(connection: duckdb.DuckDBPyConnection, log: str) -> datetime:
    row = connection.execute(f"SELECT max(attempted_at) FROM {log}").fetchone()
    return (row and row[0]) or datetime(1970, 1, 8)


def load_erasures(
    connection: duckdb.DuckDBPyConnection, rows: Sequence[tuple[str, str, int]], amounts: Sequence[tuple[str, str, str]]
) -> None:
    """Bring in what sources still hold of erased people (source, table, rows), and what they were of months (month, measure, amount)."""
    for table, values in (("erased_rows", rows), ("erased_amounts", amounts)):
        connection.execute(f"DELETE FROM ops.{table}")
        if values:
            connection.executemany(f"INSERT INTO ops.{table} VALUES (?, ?, ?)", values)


def _split_columns(declaration: str) -> list[str]:
    return [part.strip() for part in declaration.split(",")]
