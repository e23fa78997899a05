"""The sync log: every attempt to send a record, kept beside the releases and published with the next one.

Comes in: attempts that a sync wrote into its state. Goes out: one Parquet file a sync, `state/sync_log/<when>-<destination>.parquet`, which
is not touched again but to forget somebody: a sync costs what it sent, not what was sent in the ninety days before it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from orchestration.activation import state
from orchestration.sql_text import literal

DAYS_KEPT = 90
_FOLDER = "sync_log"
_ONE_FILE = "sync_log.parquet"  # in which versions before this one kept all of it
_WHEN = "%Y%m%dT%H%M%S%f"


def folder(state_folder: Path) -> Path:
    """Where the files of the log are: all `*.parquet` in it; none where nothing was ever sent."""
    _take_over(state_folder)
    return state_folder / _FOLDER


def parts(state_folder: Path) -> list[Path]:
    """The files that hold the log, the oldest first."""
    return sorted(folder(state_folder).glob("*.parquet"))


def export_attempts(connection: duckdb.DuckDBPyConnection, state_folder: Path, destination: str) -> None:
    """Move `state.attempts` into a file of its own, and drop files whose attempts are older than `DAYS_KEPT` days.

    The file's name is in the state before the file is there, until the attempts have left the state: whatever a crash leaves of both, the
    next export writes the same file again.
    """
    (state_folder / _FOLDER).mkdir(mode=0o700, exist_ok=True)
    if connection.execute("SELECT 1 FROM state.attempts LIMIT 1").fetchone():
        begun = f"{state.now():{_WHEN}}-{destination}"
        connection.execute("INSERT INTO state.log_part SELECT ? WHERE NOT EXISTS (FROM state.log_part)", [begun])
        ((name,),) = connection.execute("FROM state.log_part").fetchall()
        write_part(connection, "FROM state.attempts", state_folder / _FOLDER / f"{name}.parquet")
        with state.transaction(connection):
            connection.execute("DELETE FROM state.attempts; DELETE FROM state.log_part")
    last = f"{state.now() - timedelta(days=DAYS_KEPT):{_WHEN}}"
    for path in parts(state_folder):
        if path.name < last:
            path.unlink(missing_ok=True)


def write_part(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write the rows of `query` to `path`, in one step. Packed lightly: half of them are keys, which say the same in no fewer bytes, and
    an erasure writes all files anew that name the person.
    """
    waiting = path.with_name(f".{path.name}.new")
    connection.execute(f"COPY ({query}) TO {literal(waiting)} (FORMAT parquet, COMPRESSION snappy)")
    waiting.chmod(0o600)
    os.replace(waiting, path)


def _take_over(state_folder: Path) -> None:
    """Put what an older version kept in one file among the others, named after its newest attempt."""
    one_file = state_folder / _ONE_FILE
    if not one_file.is_file():
        return
    (state_folder / _FOLDER).mkdir(mode=0o700, exist_ok=True)
    with duckdb.connect() as connection, suppress(FileNotFoundError):  # another destination's sync was quicker
        ((newest,),) = connection.execute(f"SELECT max(attempted_at) FROM read_parquet({literal(one_file)})").fetchall()
        os.replace(one_file, state_folder / _FOLDER / f"{newest or datetime.min:{_WHEN}}-before.parquet")
