"""What a destination holds, compared with what it acknowledged: since then somebody there may have changed or deleted it.

Comes in: the audience as it shall be, the state, what the destination tells of those who are to stay as they are. Goes out: the temporary
table `drifted`, whose records the plan takes for not acknowledged; counts for the report; once nothing speaks against it, the state.

Of a record only a hash of what was acknowledged is known. So those are compared whose fields are the same tonight; whoever is sent tonight
anyway needs no comparing, and of who left an audience and keeps what they had nobody knows any more what that was.
"""

from __future__ import annotations

from typing import Any

import duckdb
import orjson
import pyarrow as pa

from orchestration.activation import state
from orchestration.activation.fields import UNHASHED
from orchestration.activation.report import Comparison, SyncReport
from orchestration.destinations.base import Destination, Record, Result
from orchestration.destinations.fields import FORMER
from orchestration.destinations.holdings import alike

_CHANGED, _MISSING = "changed_there", "missing_there"  # codes in `sync_log` of `retryable`: it does not have what it had acknowledged


def compare(
    connection: duckdb.DuckDBPyConnection, destination: Destination, audience: str, every_days: int, *, ask: bool
) -> Comparison | None:
    """Make the temporary table `drifted` and say what it is of; None where nothing is due, or `every_days` is 0.

    Without `ask` nobody is called: calls and seconds are a forecast.
    """
    connection.execute("CREATE OR REPLACE TEMP TABLE drifted (external_id VARCHAR, is_missing BOOLEAN)")
    if not every_days or destination.reading is None or not _is_due(connection, audience, every_days):
        return None
    records = [_record(*row) for row in connection.execute(_SETTLED, {"audience": audience}).fetchall()]
    calls, seconds = destination.forecast_reading(len(records))
    if not ask or not records:
        return Comparison(len(records), calls, seconds)
    told = destination.held(audience, records)
    missing = [one.external_id for one in records if told.told.get(one.external_id, ...) is None]
    changed = [one.external_id for one in records if _differs(destination, one, told.told.get(one.external_id))]
    ids, is_missing = pa.array([*missing, *changed], pa.string()), [True] * len(missing) + [False] * len(changed)
    connection.register("found", pa.table({"external_id": ids, "is_missing": pa.array(is_missing, pa.bool_())}))
    connection.execute("INSERT INTO drifted FROM found")
    connection.unregister("found")
    return Comparison(len(told.told), told.calls, seconds, len(changed), len(missing), told.lacks, told.refused)


def settle(connection: duckdb.DuckDBPyConnection, report: SyncReport, *, recreate: bool = True) -> None:
    """Write down what has drifted, so that it is sent until it is acknowledged again, and that the comparison was made."""
    compared, stamp = report.comparison, {"audience": report.audience, "at": state.now()}
    if compared is None:
        return
    with state.transaction(connection):
        log = {**stamp, "destination": report.destination, "release_id": report.release_id}
        connection.execute(_LOGGED, log)
        connection.execute(_NOT_HELD, {"audience": report.audience, "recreate": recreate})
        connection.execute("DELETE FROM drifted")
        if not compared.lacks or compared.refused:
            connection.execute("DELETE FROM state.compared WHERE audience = ?", [report.audience])
            connection.execute("INSERT INTO state.compared VALUES ($audience, $at)", stamp)


def want_soon(connection: duckdb.DuckDBPyConnection, audience: str) -> None:
    """Have the next sync compare, whenever the last one did: what was acknowledged is known to be there no more."""
    connection.execute("DELETE FROM state.compared WHERE audience = ?", [audience])
    connection.execute("INSERT INTO state.compared VALUES (?, TIMESTAMP '1970-01-01')", [audience])


def _is_due(connection: duckdb.DuckDBPyConnection, audience: str, every_days: int) -> bool:
    """So many days after the last comparison, or after the first of what is held was acknowledged; by days, as nights begin a little early
    or late.
    """
    (last,) = connection.execute(_LAST, {"audience": audience}).fetchall()[0]
    return last is not None and (state.now().date() - last.date()).days >= every_days


def _record(external_id: str, email: str | None, remote_id: str | None, fields: str) -> Record:
    """A record with the fields that are compared: not those that are sent along only, nor those that are written no more."""
    told: dict[str, Any] = orjson.loads(fields)
    kept = {name: value for name, value in told.items() if name not in UNHASHED and not name.startswith(FORMER)}
    return Record(external_id, "upsert", kept, len(fields), email or "", remote_id or "")


def _differs(destination: Destination, record: Record, told: Any) -> bool:
    if told is None:  # not there, or not told
        return False
    held = {name.lower(): value for name, value in told.items()}
    return not all(alike(value, held.get(name.lower())) for name, value in destination.as_held(record).items())


_LAST = """SELECT coalesce((SELECT max(compared_at) FROM state.compared WHERE audience = $audience),
    (SELECT min(acknowledged_at) FROM state.acknowledged WHERE audience = $audience AND operation = 'upsert'))"""
_SETTLED = """
SELECT external_id, desired.email, known.remote_id, desired.fields
FROM desired JOIN state.acknowledged AS known USING (external_id)
WHERE audience = $audience AND operation = 'upsert' AND known.payload_hash = desired.payload_hash AND suppressed_as IS NULL
    AND external_id NOT IN (SELECT external_id FROM state.under_way WHERE audience = $audience)
    AND external_id NOT IN (SELECT external_id FROM state.to_forget WHERE audience = $audience)
ORDER BY external_id
"""
_LOGGED = f"""INSERT INTO state.attempts SELECT $destination, $audience, customer_key, external_id, '{Result.RETRYABLE}',
    CASE WHEN is_missing THEN '{_MISSING}' ELSE '{_CHANGED}' END, $release_id, $at, NULL
FROM drifted JOIN state.acknowledged USING (external_id) WHERE audience = $audience"""
# A record that is not there any more and shall be made again is as if it had never been: neither an id nor an address says where it lies.
_NOT_HELD = """UPDATE state.acknowledged SET payload_hash = NULL, remote_id = CASE WHEN NOT (is_missing AND $recreate) THEN remote_id END,
    address_hash = CASE WHEN NOT (is_missing AND $recreate) THEN address_hash END,
    pseudonym = CASE WHEN NOT (is_missing AND $recreate) THEN pseudonym END
FROM drifted WHERE drifted.external_id = acknowledged.external_id AND audience = $audience"""
