"""How old what has landed is, and how often a source has news.

Comes in: a Night and a connection to its warehouse. Goes out: `ops.source_freshness`; days behind, for the landing gate to judge.
"""

from __future__ import annotations

import duckdb
import pandas as pd

from orchestration import landing
from orchestration.contract import DAYS_OF_A_RHYTHM, EVERY_DAY, INPUT_TABLES
from orchestration.night import Night
from orchestration.warehouse import OPS_TABLES


def note(night: Night, connection: duckdb.DuckDBPyConnection) -> None:
    """Write `ops.source_freshness` anew: per source and table what has landed, its newest known fact, and how often there is one."""
    connection.execute(f"CREATE OR REPLACE TABLE ops.source_freshness ({OPS_TABLES['source_freshness']})")
    for row in landing.summary(night.home.landing):
        event_time = INPUT_TABLES[row["table"]].event_time
        connection.execute(
            f"""INSERT INTO ops.source_freshness
            WITH days AS (
                SELECT CAST({event_time} AS DATE) AS day, max({event_time}) AS last_event_at FROM landing.{row["table"]}
                WHERE _source = ? AND CAST({event_time} AS DATE) <= ? GROUP BY 1
            )
            SELECT ?, ?, ?, ?, max(last_event_at), count(*) FILTER (day > (SELECT max(day) FROM days) - {DAYS_OF_A_RHYTHM}) FROM days""",
            [row["source"], night.as_of, row["source"], row["table"], row["rows"], row["last_landed_at"].replace(tzinfo=None)],
        )


def ages(night: Night, connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Days from the newest event of a source's table to the as-of date; of tables that hardly change no news is expected, nor of sources
    that are configured no more: what they have landed stays.
    """
    query = """SELECT source, table_name, CAST(date_diff('day', last_event_at, CAST(? AS TIMESTAMP)) AS DOUBLE) AS days_behind
        FROM ops.source_freshness WHERE list_contains(?, table_name) AND list_contains(?, source) ORDER BY ALL"""
    configured = [source.name for source in night.settings.sources]
    return connection.execute(query, [night.as_of, list(EVERY_DAY), configured]).df()


def volumes(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The rows of each load of a source's table."""
    return connection.execute("SELECT source, table_name, load_id, landed FROM ops.gate_loads WHERE landed > 0 ORDER BY ALL").df()
