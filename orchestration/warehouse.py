"""The warehouse file: the only module, beside dbt, that writes to it.

Comes in: loads that landing has completed; scores that ml/ has computed.
Goes out: the views `landing.*` that dbt stages, the tables `ops.*` of the gates, the tables `ml.*` of the models.
One process writes at a time; no reader ever opens this file (see releases.py for what readers open).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.contract import INPUT_TABLES, Table
from orchestration.database_files import make_whole
from orchestration.sql_text import literal

# What every landed row carries beside the contract's columns.
LANDING_COLUMNS: dict[str, str] = {
    "_source": "VARCHAR",
    "_load_id": "VARCHAR",
    "_row_number": "BIGINT",
    "_is_deleted": "BOOLEAN",
    "_bad_values": "VARCHAR",
    "_file": "VARCHAR",
}

OPS_TABLES: dict[str, str] = {
    "quarantined_rows": """source VARCHAR, table_name VARCHAR, load_id VARCHAR, row_number BIGINT, row_key VARCHAR,
        rule VARCHAR, column_name VARCHAR, reason VARCHAR, row_json VARCHAR, first_seen_as_of DATE""",
    "check_results": """as_of_date DATE, run_id VARCHAR, suite VARCHAR, expectation VARCHAR, table_name VARCHAR, status VARCHAR,
        success BOOLEAN, observed VARCHAR, unexpected_count BIGINT, severity VARCHAR, description VARCHAR, examples VARCHAR[]""",
    "source_freshness": """source VARCHAR, table_name VARCHAR, landed_rows BIGINT, last_landed_at TIMESTAMP, last_event_at TIMESTAMP,
        busy_days BIGINT""",
    "erased_rows": "source VARCHAR, table_name VARCHAR, rows BIGINT",
    "erased_amounts": "month DATE, measure VARCHAR, amount DECIMAL(28, 6)",
    "identity_proposals": """customer_key VARCHAR, other_customer_key VARCHAR, match_probability DOUBLE, match_weight DOUBLE,
        explanation VARCHAR, as_of_date DATE""",
    "sync_log": """destination VARCHAR, audience VARCHAR, customer_key VARCHAR, external_id VARCHAR, outcome VARCHAR, code VARCHAR,
        release_id VARCHAR, attempted_at TIMESTAMP""",
}

SCORE_TABLES: dict[str, str] = {
    "comment_readings": "text_hash VARCHAR, reader_version VARCHAR, themes VARCHAR, tone DOUBLE",
    "churn_scores": """customer_key VARCHAR, as_of_date DATE, horizon_days INTEGER, churn_probability DOUBLE, risk_band VARCHAR,
        reasons VARCHAR[], model_version VARCHAR""",
    "clv_scores": """customer_key VARCHAR, as_of_date DATE, clv_predicted DOUBLE, clv_predicted_low DOUBLE, clv_predicted_high DOUBLE,
        expected_purchases DOUBLE, p_alive DOUBLE, expected_order_value DOUBLE, model VARCHAR, model_version VARCHAR""",
    "next_best_actions": """customer_key VARCHAR, as_of_date DATE, action VARCHAR, channel VARCHAR, aims_at VARCHAR,
        expected_value DOUBLE, expected_uplift DOUBLE, propensity DOUBLE, is_holdout BOOLEAN, reason VARCHAR, policy_version VARCHAR,
        model_version VARCHAR""",
    "action_candidates": """customer_key VARCHAR, as_of_date DATE, action VARCHAR, channel VARCHAR, gate_removed_by VARCHAR,
        score DOUBLE""",
    "model_runs": """model VARCHAR, as_of_date DATE, status VARCHAR, reason VARCHAR, candidate VARCHAR, model_version VARCHAR,
        trained_as_of DATE, metric VARCHAR, value DOUBLE, low DOUBLE, high DOUBLE""",
}


@contextmanager
def connect(path: str | Path, *, memory_gib: float = 8, threads: int = 2) -> Iterator[duckdb.DuckDBPyConnection]:
    """A writing connection to the warehouse at `path`, closed (and so checkpointed) at the end."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    make_whole(Path(path))
    connection = duckdb.connect(str(path), config={"autoinstall_known_extensions": "false"})
    try:
        connection.execute(
            f"SET memory_limit = '{memory_gib}GiB'; SET threads = {threads}; SET preserve_insertion_order = false; SET TimeZone = 'UTC'"
        )
        yield connection
    finally:
        connection.close()


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the schemas and the tables that Python writes, where they are missing."""
    for schema, tables in (("ops", OPS_TABLES), ("ml", SCORE_TABLES)):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for name, columns in tables.items():
            connection.execute(f"CREATE TABLE IF NOT EXISTS {schema}.{name} ({columns})")
    connection.execute("CREATE SCHEMA IF NOT EXISTS landing")


def expose_landing(
    connection: duckdb.DuckDBPyConnection,
    files: Mapping[str, Sequence[tuple[str, str, str]]],
    extra: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Point the views `landing.<table>` at the landed files: table → (source, load id, Parquet path).

    A table without files becomes an empty view with its columns, so that everything after it builds. `extra`: table → columns
    beyond the contract's that are wanted as text; where no file has one, it is NULL.
    """
    for table in INPUT_TABLES.values():
        wanted = [name for name in (extra or {}).get(table.name, ()) if name not in table.column_names]
        query = _landing_query(connection, table, files.get(table.name, ()), wanted)
        connection.execute(f"CREATE OR REPLACE VIEW landing.{table.name} AS {query}")


def begin(connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Mark the warehouse as holding the night of `as_of` from now on."""
    connection.execute("CREATE OR REPLACE TABLE ops.night AS SELECT CAST(? AS DATE) AS as_of_date", [as_of])


def held_night(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The as-of date that the warehouse was last built for; None when it never was."""
    known = connection.execute("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'ops' AND table_name = 'night'").fetchone()
    row = connection.execute("SELECT as_of_date FROM ops.night").fetchone() if known else None
    return row[0] if row else None


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


def load_hash_key(connection: duckdb.DuckDBPyConnection, salt: str) -> None:
    """The key of hashed personal values where the models find it; it is nowhere else in what dbt is told or writes down."""
    connection.execute("CREATE OR REPLACE TABLE ops.hash_key (salt VARCHAR)")
    connection.execute("INSERT INTO ops.hash_key VALUES (?)", [salt])


def load_sync_log(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Bring what activation logged so far into `ops.sync_log`, to be published with the next release."""
    connection.execute("DELETE FROM ops.sync_log")
    if path.exists():
        connection.execute("INSERT INTO ops.sync_log BY NAME SELECT * FROM read_parquet(?)", [str(path)])


def load_erasures(
    connection: duckdb.DuckDBPyConnection, rows: Sequence[tuple[str, str, int]], amounts: Sequence[tuple[str, str, str]]
) -> None:
    """Bring in what sources still hold of erased people (source, table, rows), and what they were of months (month, measure, amount)."""
    for table, values in (("erased_rows", rows), ("erased_amounts", amounts)):
        connection.execute(f"DELETE FROM ops.{table}")
        if values:
            connection.executemany(f"INSERT INTO ops.{table} VALUES (?, ?, ?)", values)


def write_proposals(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    """Replace `ops.identity_proposals` by `rows`, stamped with the night that the warehouse holds."""
    connection.register("incoming_proposals", rows)
    connection.execute("DELETE FROM ops.identity_proposals")
    night = "(SELECT as_of_date FROM ops.night) AS as_of_date"
    connection.execute(f"INSERT INTO ops.identity_proposals BY NAME SELECT *, {night} FROM incoming_proposals")
    connection.unregister("incoming_proposals")


def empty_tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of the tables of dbt without a row."""
    # ml and ops are Python's; ml.action_candidates is still empty when ml_inputs.action_candidates is tested.
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE estimated_size = 0 AND schema_name NOT IN ('ml', 'ops')"
    ).fetchall()
    return {name for (name,) in rows}


def replace_model_run(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    """Replace the rows of `ml.model_runs` that are about the models in `rows`; what another night left of others goes too."""
    connection.register("incoming_runs", rows)
    connection.execute(
        """DELETE FROM ml.model_runs
        WHERE model IN (SELECT model FROM incoming_runs) OR as_of_date <> (SELECT as_of_date FROM ops.night)"""
    )
    connection.execute("INSERT INTO ml.model_runs BY NAME SELECT * FROM incoming_runs")
    connection.unregister("incoming_runs")


def _split_columns(declaration: str) -> list[str]:
    return [part.strip() for part in declaration.split(",")]


def _landing_query(connection: duckdb.DuckDBPyConnection, table: Table, files: Sequence[tuple[str, str, str]], extra: Sequence[str]) -> str:
    typed = {column.name: column.duckdb_type for column in table.columns} | LANDING_COLUMNS | dict.fromkeys(extra, "VARCHAR")
    if not files:
        return "SELECT " + ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in typed.items()) + " WHERE false"
    return " UNION ALL ".join(_load_query(connection, typed, source, load, paths) for (source, load), paths in _by_load(files).items())


def _by_load(files: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str], list[str]]:
    loads: dict[tuple[str, str], list[str]] = {}
    for source, load, path in files:
        loads.setdefault((source, load), []).append(path)
    return loads


def _load_query(connection: duckdb.DuckDBPyConnection, typed: Mapping[str, str], source: str, load: str, paths: Sequence[str]) -> str:
    listed = "[" + ", ".join(literal(path) for path in paths) + "]"
    present = {
        row[0].lower() for row in connection.execute(f"DESCRIBE SELECT * FROM read_parquet({listed}, union_by_name = true)").fetchall()
    }
    constants = {"_source": literal(source), "_load_id": literal(load)}
    selected = [f"CAST({constants.get(name) or (name if name in present else 'NULL')} AS {kind}) AS {name}" for name, kind in typed.items()]
    return f"SELECT {', '.join(selected)} FROM read_parquet({listed}, union_by_name = true)"
