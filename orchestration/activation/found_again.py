"""Records that may lie at a destination under an address that is theirs no more: found there by the customer's key, which is one of the
fields, so that they are written or cleared by the destination's own id.

Comes in: what left and was never answered for. Goes out: the state, with the ids of those that were found. Whoever has the address under
which they were sent is not asked for: the next delivery goes there again and is told the id.
"""

from __future__ import annotations

import duckdb

from orchestration.activation import state
from orchestration.activation.book import now
from orchestration.destinations.base import Destination


def look_for(connection: duckdb.DuckDBPyConnection, destination: Destination, audience: str) -> None:
    """Ask the destination for them and write down what it says; nothing where it cannot tell."""
    if not destination.needs_email:
        return
    doubts = connection.execute(_DOUBTS, {"audience": audience}).fetchall()
    found = destination.find(sorted({key for _, key, *_ in doubts})) if doubts else {}
    with state.transaction(connection):
        for external_id, key, address_hash, is_ordered in doubts:
            if key not in found:
                continue
            told = {"audience": audience, "external_id": external_id, "remote_id": found[key]}
            if is_ordered:
                connection.execute(_ORDERED, told)
            else:
                connection.execute(_HELD, {**told, "key": key, "address_hash": address_hash, "at": now()})


# An order names nobody's address; of who was sent under several, none says where the record lies.
_DOUBTS = """
SELECT external_id, any_value(customer_key) AS customer_key,
    CASE WHEN count(DISTINCT address_hash) = 1 THEN max(address_hash) ELSE '' END AS address_hash, false AS is_ordered
FROM state.under_way WHERE audience = $audience AND customer_key IS NOT NULL
    AND external_id NOT IN (SELECT external_id FROM state.acknowledged
        WHERE audience = $audience AND operation = 'upsert' AND remote_id IS NOT NULL)
    AND (external_id, address_hash) NOT IN (SELECT (external_id, address_hash) FROM desired
        WHERE suppressed_as IS NULL AND external_id IS NOT NULL AND address_hash IS NOT NULL)
GROUP BY external_id
UNION ALL
SELECT external_id, customer_key, '', true FROM state.to_forget
WHERE audience = $audience AND remote_id IS NULL AND customer_key IS NOT NULL
"""
# Without a hash of what it holds: it is not known to hold anything, and is no change to measure a night by.
_HELD = """INSERT INTO state.acknowledged BY NAME SELECT $audience AS audience, $external_id AS external_id, $key AS customer_key,
    'upsert' AS operation, $at AS acknowledged_at, $remote_id AS remote_id, $address_hash AS address_hash"""
_ORDERED = "UPDATE state.to_forget SET remote_id = $remote_id WHERE audience = $audience AND external_id = $external_id"
