"""The sync log: every attempt to send a record, kept beside the releases and published with the next one.

Comes in: attempts that a sync wrote into its state. Goes out: `state/sync_log.parquet`, replaced in one step.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

FILE = "sync_log.parquet"
DAYS_KEPT = 90


def export_attempts(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Move `state.attempts` into `folder/sync_log.parquet`. A crash between its two steps repeats nothing."""
    path, waiting = folder / FILE, folder / f".{FILE}.{os.getpid()}"
    with _alone(folder):
        kept = f"SELECT * FROM read_parquet('{_escaped(path)}')" if path.is_file() else "SELECT * FROM state.attempts WHERE false"
        connection.execute(f"CREATE OR REPLACE TEMP VIEW logged AS {kept}")
        connection.execute(f"COPY ({_QUERY}) TO '{_escaped(waiting)}' (FORMAT parquet, COMPRESSION zstd)")
        os.chmod(waiting, 0o600)
        os.replace(waiting, path)
        connection.execute("DELETE FROM state.attempts")


# What a crash left in the state after it reached the file is no newer than the file's newest of the same destination.
_QUERY = f"""
SELECT * FROM logged WHERE attempted_at > (SELECT max(attempted_at) FROM
    (SELECT attempted_at FROM logged UNION ALL SELECT attempted_at FROM state.attempts)) - INTERVAL {DAYS_KEPT} DAY
UNION ALL
SELECT attempts.* FROM state.attempts LEFT JOIN
    (SELECT destination, max(attempted_at) AS newest FROM logged GROUP BY destination) AS exported USING (destination)
WHERE newest IS NULL OR attempted_at > newest
"""


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    handle = os.open(folder / f".{FILE}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
