"""Records of which the destination's own id is not known, found there again: by their address where it still is their customer's, else by
the customer's key, which is one of the fields. So they are written or cleared by that id, wherever their customers' addresses go.

Comes in: what left and was never answered for; what was acknowledged without an id, as a job's whose process died. Goes out: the state,
with the ids of those that were found; of whom all records of the destination were looked at and none holds the key, nothing is there that
could be cleared, and nothing is owed. Of what was never answered for, whoever has the address under which they were sent is not asked for:
the next delivery goes there again and is told the id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import duckdb
import pyarrow as pa

from orchestration.activation import patience, state
from orchestration.destinations.base import Destination, Found, Record, Result, Sought

_EARLIER = timedelta(minutes=10)  # as much as a destination's clock may be behind ours
_AT_REST = timedelta(days=10)  # after which nothing that was sent arrives any more, be it by a job or an index
_Doubts = Mapping[str, tuple[str, datetime | None]]  # external id → customer key, when they left


def look_for(connection: duckdb.DuckDBPyConnection, destination: Destination, audience: str, release_id: str) -> None:
    """Ask the destination for them and write down what it says; nothing where it cannot tell."""
    if not destination.needs_email:
        return
    asked = {"audience": audience}
    nameless = connection.execute(_NAMELESS, asked).fetchall()
    told = destination.ids_of([Record(external_id, "upsert", {}, 0, email) for external_id, email in nameless]) if nameless else {}
    addresses = dict(nameless)
    _write(connection, {one: Found(remote_id, addresses[one]) for one, remote_id in told.items()}, (_NAMED,), audience)
    doubts = {one: (key, left_at) for one, key, left_at in connection.execute(_DOUBTS, asked).fetchall()}
    moments, rested = [left_at for _, left_at in doubts.values()], state.now() - _AT_REST
    found = _found(connection, audience, doubts, lambda keys: destination.find(keys, _since(moments))).found
    old = {one: about for one, about in doubts.items() if about[0] not in found and about[1] and about[1] < rested}
    waiting = patience.waiting(connection, audience) if old else ()
    nowhere = _found(connection, audience, {one: about for one, about in old.items() if one not in waiting}, destination.find).nowhere
    owed = {one: Found("", "") for one, (key, _) in old.items() if key in nowhere}
    _write(connection, owed, _NOTHING_THERE, audience, destination=destination.name, release_id=release_id)


def _found(connection: duckdb.DuckDBPyConnection, audience: str, doubts: _Doubts, find: Callable[[list[str]], Sought]) -> Sought:
    """What the destination says of the doubts; the ids of those that are there are written down."""
    if not doubts:
        return Sought({})
    told = find(sorted({key for key, _ in doubts.values()}))
    there = {one: told.found[key] for one, (key, _) in doubts.items() if key in told.found}
    _write(connection, there, (_NAMED, _HELD, _ORDERED), audience)
    return told


def _since(moments: list[datetime | None]) -> datetime | None:
    """The first of the moments, None where one of them is not known: what an older version wrote down has none."""
    known = [one for one in moments if one]
    return min(known) - _EARLIER if known and len(known) == len(moments) else None


def _write(
    connection: duckdb.DuckDBPyConnection, found: Mapping[str, Found], statements: tuple[str, ...], audience: str, **told_of: str
) -> None:
    if not found:
        return
    told = {"external_id": list(found), "remote_id": [one.remote_id for one in found.values()]}
    told |= {"email": [one.email.strip().lower() for one in found.values()]}
    connection.register("told", pa.table({name: pa.array(values, pa.string()) for name, values in told.items()}))
    with state.transaction(connection):
        for statement in statements:
            parameters = {"audience": audience, "at": state.now(), **told_of}
            connection.execute(statement, {name: value for name, value in parameters.items() if f"${name}" in statement})
    connection.unregister("told")


_WITHOUT_ID = "audience = $audience AND operation = 'upsert' AND remote_id IS NULL"
_THEIRS = "FROM desired WHERE suppressed_as IS NULL AND external_id IS NOT NULL AND address_hash IS NOT NULL"
# Who waits to be sent is told the id with the answer.
_NAMELESS = f"""SELECT external_id, email FROM state.acknowledged JOIN desired USING (external_id, address_hash)
WHERE {_WITHOUT_ID} AND suppressed_as IS NULL AND external_id NOT IN (SELECT external_id FROM state.under_way WHERE audience = $audience)"""
_DOUBTS = f"""
SELECT external_id, any_value(customer_key) AS customer_key, CASE WHEN bool_and(left_at IS NOT NULL) THEN min(left_at) END AS left_at FROM (
    SELECT external_id, customer_key, address_hash, left_at FROM state.under_way
    WHERE audience = $audience AND external_id NOT IN (SELECT external_id FROM state.acknowledged
        WHERE audience = $audience AND operation = 'upsert' AND remote_id IS NOT NULL)
    UNION ALL
    -- What a job did may be acknowledged a few nights after it was done.
    SELECT external_id, customer_key, address_hash, acknowledged_at - INTERVAL 7 DAY FROM state.acknowledged
    WHERE {_WITHOUT_ID} AND address_hash IS NOT NULL)
WHERE customer_key IS NOT NULL AND (external_id, address_hash) NOT IN (SELECT (external_id, address_hash) {_THEIRS})
GROUP BY external_id
UNION ALL
SELECT external_id, customer_key, left_at FROM state.to_forget
WHERE audience = $audience AND remote_id IS NULL AND customer_key IS NOT NULL
"""
# The record may be an older one of theirs, that lies under none of the addresses they were sent under: it may be another customer's by now.
_WHERE_IT_LIES = "sha256((SELECT value FROM state.salt) || told.email)"
_NAMED = f"""UPDATE state.acknowledged SET remote_id = told.remote_id, address_hash = {_WHERE_IT_LIES},
    pseudonym = CASE WHEN address_hash = {_WHERE_IT_LIES} THEN pseudonym END FROM told
WHERE acknowledged.external_id = told.external_id AND {_WITHOUT_ID.replace("remote_id", "acknowledged.remote_id")}"""
# Without a hash of what it holds: it is not known to hold anything, and is no change to measure a night by.
_HELD = f"""INSERT INTO state.acknowledged BY NAME SELECT $audience AS audience, external_id, any_value(customer_key) AS customer_key,
    'upsert' AS operation, CAST($at AS TIMESTAMP) AS acknowledged_at, any_value(told.remote_id) AS remote_id,
    any_value({_WHERE_IT_LIES}) AS address_hash
FROM told JOIN state.under_way USING (external_id) WHERE audience = $audience GROUP BY external_id"""
_ORDERED = """UPDATE state.to_forget SET remote_id = told.remote_id FROM told
WHERE to_forget.external_id = told.external_id AND audience = $audience AND to_forget.remote_id IS NULL"""
_OWED = f"""(SELECT external_id, any_value(customer_key) AS customer_key, any_value(payload_hash) AS payload_hash FROM (
    SELECT external_id, customer_key, payload_hash FROM state.acknowledged WHERE {_WITHOUT_ID}
    UNION ALL BY NAME SELECT external_id, customer_key FROM state.under_way WHERE audience = $audience
    UNION ALL BY NAME SELECT external_id, customer_key FROM state.to_forget WHERE audience = $audience)
    WHERE external_id IN (SELECT external_id FROM told) GROUP BY external_id)"""
_NOTHING_THERE = (
    f"""INSERT INTO state.attempts SELECT $destination, $audience, customer_key, external_id, '{Result.ACKNOWLEDGED}', 'not_there',
    $release_id, $at, 'clear' FROM {_OWED}""",
    # The hash stays: who was there once is no reason to be made again (docs/decisions/0056).
    f"""INSERT INTO state.acknowledged BY NAME SELECT $audience AS audience, external_id, customer_key, 'clear' AS operation, payload_hash,
    CAST($at AS TIMESTAMP) AS acknowledged_at FROM {_OWED}""",
    *(f"DELETE FROM state.{table} WHERE audience = $audience AND external_id IN (SELECT external_id FROM told)"
      for table in ("under_way", "dead_letters")),
)  # fmt: skip
