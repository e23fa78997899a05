"""What a gate measured of a column night after night: by it a person chooses a threshold, and a new company is told from an old one.

Comes in: a connection to the warehouse, tonight's measures. Goes out: `ops.<measure>` with them, and what the nights before had.
"""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd

NIGHTS_OF_A_HISTORY = 30
_COLUMNS = ["table_name", "column_name"]
MEASURES = {"drift": "psi", "rewritten": "share"}  # table of schema ops → its column


def with_history(
    connection: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame, as_of: date, reference: date | None
) -> pd.DataFrame:
    """`frame` with `nights`, how many of before were measured, and the `highest` of them, after tonight's has been written down.

    table      one of MEASURES; `frame` has its column, NaN where it cannot be told
    reference  the day of the release that was compared with; None where there is none
    """
    measure = MEASURES[table]
    connection.execute(
        f"""CREATE TABLE IF NOT EXISTS ops.{table} (
            as_of_date DATE, table_name VARCHAR, column_name VARCHAR, {measure} DOUBLE, compared_with DATE)"""
    )
    connection.register("measured", frame.astype({measure: float}))
    connection.execute(f"DELETE FROM ops.{table} WHERE as_of_date = ? AND table_name IN (SELECT table_name FROM measured)", [as_of])
    if reference is not None:
        connection.execute(
            f"""INSERT INTO ops.{table} SELECT ?, table_name, column_name, {measure}, ? FROM measured
            WHERE {measure} IS NOT NULL AND NOT isnan({measure})""",
            [as_of, reference],
        )
    connection.unregister("measured")
    before = connection.execute(
        f"""SELECT table_name, column_name, count(*) AS nights, max({measure}) AS highest FROM (
            FROM ops.{table} WHERE as_of_date < ?
            QUALIFY row_number() OVER (PARTITION BY table_name, column_name ORDER BY as_of_date DESC) <= ?
        ) GROUP BY ALL""",
        [as_of, NIGHTS_OF_A_HISTORY],
    ).df()
    return frame.merge(before, on=_COLUMNS, how="left").fillna({"nights": 0})
