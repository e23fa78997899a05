"""Free text between landing and its reader: what has not been read yet, and what is kept.

Comes in: a connection to the warehouse with its `landing.*` views. Goes out: texts under their hash; `ml.comment_readings`.
A reading depends on its text alone, so whatever was read on an earlier night stands, until the reader changes or the text is gone.
The hash is that of the macro `pseudonym`, by which dbt finds the reading again; no text is kept beside it.
"""

from __future__ import annotations

import duckdb
import pandas as pd
import pyarrow as pa

from orchestration import warehouse

TEXTS = {"survey_responses": "comment", "crm_tickets": "text"}

_SAID = " UNION ALL ".join(f'SELECT DISTINCT trim("{column}") AS text FROM landing.{table}' for table, column in TEXTS.items())
_HASHED = f"SELECT text, sha256($salt || '|' || text) AS text_hash FROM ({_SAID}) WHERE text <> '' GROUP BY text"


def unread(connection: duckdb.DuckDBPyConnection, salt: str, version: str) -> pd.DataFrame:
    """text_hash and text of what the reader of this version has not read, in the order of the hashes."""
    return connection.execute(
        f"""SELECT text_hash, text FROM ({_HASHED})
        WHERE text_hash NOT IN (SELECT text_hash FROM ml.comment_readings WHERE reader_version = $version)
        ORDER BY text_hash""",
        {"salt": salt, "version": version},
    ).df()


def keep(connection: duckdb.DuckDBPyConnection, salt: str, version: str, fresh: pa.Table) -> int:
    """Add `fresh` readings to those that still stand; returns how many there are now."""
    standing = connection.execute(
        f"""SELECT text_hash, reader_version, themes, tone FROM ml.comment_readings
        WHERE reader_version = $version AND text_hash IN (SELECT text_hash FROM ({_HASHED}))""",
        {"salt": salt, "version": version},
    ).to_arrow_table()
    return warehouse.write_scores(connection, "comment_readings", pa.concat_tables([standing, fresh.select(standing.column_names)]))
