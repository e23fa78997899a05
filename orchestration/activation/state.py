"""What a destination is known to have: one small DuckDB file per destination.

Comes in: plans and outcomes. Goes out: the last acknowledged payload per record, dead letters, records under way, attempts. Every batch's
outcomes are one transaction.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.activation.state_tables import TABLES
from orchestration.database_files import make_whole
from orchestration.destinations.base import Job, Record
from orchestration.sql_text import literal

# One row per acknowledgement is appended, which is fast; the newest of each record counts and the others are dropped before a sync. The
# whole table is written anew for it, so only where there are others.
_HAS_SUPERSEDED = "SELECT count(*) > count(DISTINCT concat(audience, chr(31), external_id)) FROM state.acknowledged"
_COMPACT = """
CREATE OR REPLACE TABLE state.acknowledged AS
SELECT * FROM state.acknowledged
QUALIFY row_number() OVER (PARTITION BY audience, external_id ORDER BY rowid DESC) = 1
"""


class StateError(Exception):
    """The state of a destination cannot be opened; the message is one line."""


@contextmanager
def opened(path: Path, *, writable: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the state attached as `state`. A dry run gets a copy in memory, empty where there is none yet."""
    with duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute("SET threads = 1")  # a second one has no work below 120,000 customers, and spins while it waits for some
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET wal_autocheckpoint = '256MB'")  # else what the end of a sync deletes is compressed in the middle of it
        connection.execute(f"SET temp_directory = {literal(f'{path}.spill')}")  # else it is where the process was started
        if writable:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_whole(path)
            _attach(connection, path, "state", "")
            os.chmod(path, 0o600)
            connection.execute(TABLES)
        else:
            connection.execute("ATTACH ':memory:' AS state")
            connection.execute(TABLES)
            if path.is_file():
                _copy(connection, path)
        # Addresses are compared by their hashes; those of one destination mean nothing beside those of another.
        connection.execute("INSERT INTO state.salt SELECT ? WHERE NOT EXISTS (FROM state.salt)", [secrets.token_hex(16)])
        compact(connection)
        yield connection


def compact(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep only the newest acknowledgement of each record."""
    if connection.execute(_HAS_SUPERSEDED).fetchall()[0][0]:
        connection.execute(_COMPACT)


def _attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str, options: str) -> None:
    try:
        connection.execute(f"ATTACH {literal(path)} AS {name} {options}")
    except duckdb.IOException as error:
        raise StateError(f"{path}: cannot be opened; is another sync of this destination running?") from error


def _copy(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    _attach(connection, path, "kept", "(READ_ONLY)")
    for (table,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'kept'").fetchall():
        connection.execute(f"INSERT INTO state.{table} BY NAME SELECT * FROM kept.{table}")
    connection.execute("DETACH kept")


def settle_orders(connection: duckdb.DuckDBPyConnection, audience: str) -> int:
    """Drop what names people whom the destination has forgotten, and who they were from the attempts; returns how many it has forgotten."""
    known = "external_id IN (SELECT external_id FROM state.to_forget WHERE audience = $audience)"
    done = f"SELECT external_id FROM state.acknowledged WHERE audience = $audience AND operation = 'clear' AND {known}"
    parameters = {"audience": audience}
    with transaction(connection):
        counted = connection.execute(f"SELECT count(DISTINCT external_id) FROM ({done})", parameters).fetchone()
        connection.execute(
            f"UPDATE state.attempts SET external_id = 'erased', customer_key = 'erased' WHERE audience = $audience AND {known}", parameters
        )
        connection.execute(f"CREATE OR REPLACE TEMP TABLE forgotten AS {done}", parameters)
        for table in ("acknowledged", "dead_letters", "under_way", "jobs", "suppressed", "kept", "absent", "to_forget"):
            mine = "audience = $audience AND external_id IN (FROM forgotten)"
            connection.execute(f"DELETE FROM state.{table} WHERE {mine}", parameters)
    return int(counted[0]) if counted else 0


def completed(connection: duckdb.DuckDBPyConnection, audience: str, at: datetime | None = None) -> str:
    """When everything of the audience had arrived the last time, ISO-8601, UTC, empty for never; `at` writes down that it has now."""
    if at is not None:
        connection.execute("DELETE FROM state.complete WHERE audience = ?", [audience])
        connection.execute("INSERT INTO state.complete VALUES (?, ?)", [audience, at])
    found = connection.execute("SELECT max(arrived_at) FROM state.complete WHERE audience = ?", [audience]).fetchone()
    return f"{found[0].isoformat(timespec='seconds')}+00:00" if found and found[0] else ""


def announce(connection: duckdb.DuckDBPyConnection, audience: str, first: int, last: int) -> None:
    """Write down that the records `first` to `last` of the plan are about to leave: a crash leaves them marked as possibly sent."""
    leaving = "SELECT ? AS audience, external_id, customer_key, address_hash, ? AS left_at FROM plan WHERE number BETWEEN ? AND ?"
    connection.execute(f"INSERT INTO state.under_way BY NAME {leaving}", [audience, now(), first, last])


def retract(connection: duckdb.DuckDBPyConnection, audience: str, first: int, last: int) -> None:
    """Take back the newest announcement of the records `first` to `last` of the plan, and none that an earlier sync left."""
    meant = "SELECT external_id FROM plan WHERE number BETWEEN ? AND ?"
    newest = f"SELECT max(rowid) FROM state.under_way WHERE audience = ? AND external_id IN ({meant}) GROUP BY external_id"
    connection.execute(f"DELETE FROM state.under_way WHERE rowid IN ({newest})", [audience, first, last])


def keep_job(connection: duckdb.DuckDBPyConnection, audience: str, job: str, external_ids: Sequence[str], numbers: tuple[int, int]) -> None:
    """Write down that the destination works on `external_ids`, in this order, before it is asked how far it is; `numbers`: the first and
    the last of the plan among which they are.
    """
    connection.register("job_records", pa.table({"external_id": pa.array(external_ids, pa.string()), "number": range(len(external_ids))}))
    connection.execute(
        """INSERT INTO state.jobs SELECT $audience, $job, sent.number, external_id, customer_key, remote_id, operation, payload_hash,
        coarse_hash, address_hash, moved, pseudonym
        FROM job_records AS sent JOIN (FROM plan WHERE plan.number BETWEEN $first AND $last) AS plan USING (external_id)""",
        {"audience": audience, "job": job, "first": numbers[0], "last": numbers[1]},
    )
    connection.unregister("job_records")


def open_jobs(connection: duckdb.DuckDBPyConnection, audience: str) -> list[Job]:
    """The jobs whose outcomes are not known yet, with their records in the order they were sent.

    Who was erased since has left a gap, which a nameless record fills: answers name positions.
    """
    query = "SELECT job, number, external_id, operation, remote_id, moved FROM state.jobs WHERE audience = ? ORDER BY job, number"
    records: dict[str, list[Record]] = {}
    for job, number, external_id, operation, remote_id, moved in connection.execute(query, [audience]).fetchall():
        listed = records.setdefault(job, [])
        listed += [Record("", operation, {}, 0)] * (number - len(listed))
        listed.append(Record(external_id, operation, {}, 0, "", remote_id or "", bool(moved)))
    return [Job(job, listed) for job, listed in records.items()]


def now() -> datetime:
    """The moment, UTC, without a zone, as the state keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
