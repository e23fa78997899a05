"""What tables and columns of a release mean, where BI tools look for it: the comments of its DuckDB file.

Comes in: texts by table and column. Goes out: comments in schema `marts`, and the same read back, for whom the release is served further.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from orchestration.sql_text import identifier, literal

SCHEMA = "marts"
TABLE = ""  # in the place of a column: the table itself
Comments = Mapping[str, Mapping[str, str]]  # table → column or TABLE → text

_SAID = """
SELECT table_name, column_name, comment FROM duckdb_columns() WHERE database_name = $1 AND schema_name = $2 AND comment IS NOT NULL
UNION ALL
SELECT table_name, '', comment FROM duckdb_tables() WHERE database_name = $1 AND schema_name = $2 AND comment IS NOT NULL"""


def said_of(connection: duckdb.DuckDBPyConnection, catalog: str) -> Comments:
    """The comments that schema marts of `catalog` has."""
    said: dict[str, dict[str, str]] = {}
    for table, column, text in connection.execute(_SAID, [catalog, SCHEMA]).fetchall():
        said.setdefault(table, {})[column] = text
    return said


def write(connection: duckdb.DuckDBPyConnection, catalog: str, comments: Comments) -> None:
    """Say `comments` of the tables and columns of `catalog` that there are; in one transaction, for each is flushed to disk."""
    there = connection.execute(
        "SELECT table_name, unnest(['', column_name]) FROM duckdb_columns() WHERE database_name = ? AND schema_name = ?", [catalog, SCHEMA]
    ).fetchall()
    connection.execute("BEGIN")
    for table, column in sorted(set(there)):
        if text := comments.get(table, {}).get(column):
            connection.execute(f"COMMENT ON {named(f'{identifier(catalog)}.{SCHEMA}.{identifier(table)}', column)} IS {literal(text)}")
    connection.execute("COMMIT")


def named(table: str, column: str, kind: str = "TABLE") -> str:
    """What a comment is on, in SQL; `table` is quoted already, `kind` may be VIEW."""
    return f"COLUMN {table}.{identifier(column)}" if column != TABLE else f"{kind} {table}"
