"""What one destination shall receive tonight: desired state against acknowledged state, decided in SQL, a million rows at a time.

Comes in: the temporary tables `desired`, `owners`, `cleared` and `drifted`, the state. Goes out: the temporary table `plan` with one row
per record that is to be sent, numbered in sending order, and the counts of everything else.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration.activation import patience


@dataclass(frozen=True)
class Wish:
    """What is asked of one sync.

    mode        other than mirror leaves what customers have who leave the audience and may still be sent
    recreate    else a record that was there, for this audience or another one, is written only where it still is
    retry_dead  tries what waits for its time
    limit       so many records, and no others
    only        whoever has this external id or customer_key, and nobody else
    retired     of an audience that is configured no more: nobody is sent, and only who may not be told of is cleared
    """

    mode: str = "mirror"
    recreate: bool = True
    retry_dead: bool = False
    limit: int | None = None
    only: str | None = None
    retired: bool = False

    @property
    def is_for_all(self) -> bool:
        """Whether nobody is left out by `limit` or `only`."""
        return self.limit is None and self.only is None


def make_plan(connection: duckdb.DuckDBPyConnection, audience: str, wish: Wish) -> dict[str, int]:
    """Make the temporary tables `decided` and `plan` from `desired` and the state; returns decision → records."""
    connection.execute(_DECIDE, {"audience": audience, "mirror": wish.mode == "mirror", "recreate": wish.recreate})
    connection.execute(_WAIT)
    if not wish.retry_dead:
        patience.bury(connection, audience)
    if wish.mode == "update_only" and not wish.retry_dead and wish.only is None:
        patience.spare(connection, audience)
    if wish.only is not None:
        connection.execute(_LEAVE_OUT + "AND external_id <> $only AND customer_key IS DISTINCT FROM $only", {"only": wish.only})
    if wish.limit is not None:
        connection.execute(
            _LEAVE_OUT + f"AND external_id NOT IN (SELECT external_id FROM ({_NUMBERED}) WHERE number <= $most)", {"most": wish.limit}
        )
    connection.execute(_PLAN)
    return dict(connection.execute("SELECT decision, count(*) FROM decided GROUP BY ALL ORDER BY ALL").fetchall())


def plan_what_followed(connection: duckdb.DuckDBPyConnection, audience: str, wish: Wish) -> dict[str, int]:
    """Make both tables anew once the plan was sent: who waited for a record to be cleared, whose record was cleared for somebody else.

    Whom the first plan sent anything but their clearing is not sent again. Returns decision → records, of the new plan `upsert` only.
    """
    connection.execute("CREATE OR REPLACE TEMP TABLE sent_before AS SELECT external_id FROM decided WHERE decision = 'upsert'")
    decisions = make_plan(connection, audience, wish)
    connection.execute(_FOLLOWS)
    (count,) = connection.execute("SELECT count(*) FROM plan").fetchall()[0]
    return {"upsert": count, "left_out": decisions.get("left_out", 0)}


def knows(connection: duckdb.DuckDBPyConnection, only: str) -> bool:
    """Whether `only` (an external id or a customer_key) is anybody's."""
    return bool(connection.execute("SELECT 1 FROM decided WHERE $only IN (external_id, customer_key) LIMIT 1", {"only": only}).fetchall())


def change_share(connection: duckdb.DuckDBPyConnection) -> float:
    """Share of the customers the destination has now that tonight would clear, or change in more than the last digits.

    Who never was sent does not count, nor of whom nobody knows what it has.
    """
    changed = "decision = 'clear' OR (decision = 'upsert' AND NOT is_alike)"
    query = f"SELECT count(*) FILTER (WHERE {changed}), count(*) FROM decided WHERE was_in AND is_settled"
    changed, held = connection.execute(query).fetchall()[0]
    return changed / held if held else 0.0


_DECIDE = """
CREATE OR REPLACE TEMP TABLE decided AS
WITH known AS (
    SELECT external_id, any_value(customer_key) AS customer_key, max(operation) AS operation, max(payload_hash) AS payload_hash,
        max(acknowledged_at) AS acknowledged_at, bool_or(maybe_sent) AS maybe_sent, max(remote_id) AS remote_id,
        max(coarse_hash) AS coarse_hash, max(address_hash) AS address_hash, max(pseudonym) AS pseudonym,
        bool_or(is_ordered) AS is_ordered
    FROM (
        -- what the destination turned out not to hold counts as not acknowledged; where it has no such record, none is known
        SELECT external_id, customer_key, operation, CASE WHEN is_missing IS NULL THEN payload_hash END AS payload_hash, acknowledged_at,
            CASE WHEN is_missing AND $recreate THEN NULL ELSE remote_id END AS remote_id, coarse_hash,
            CASE WHEN is_missing AND $recreate THEN NULL ELSE address_hash END AS address_hash,
            CASE WHEN is_missing AND $recreate THEN NULL ELSE pseudonym END AS pseudonym, false AS maybe_sent
        FROM state.acknowledged LEFT JOIN drifted USING (external_id) WHERE audience = $audience
        UNION ALL BY NAME
        SELECT external_id, customer_key, true AS maybe_sent FROM state.under_way WHERE audience = $audience
        UNION ALL BY NAME
        -- who was erased: nothing else is remembered of them until the destination has forgotten them
        SELECT external_id, remote_id, true AS maybe_sent, true AS is_ordered FROM state.to_forget WHERE audience = $audience
    )
    GROUP BY external_id
),
-- Whose address, as the destination knows it, is only somebody else's now, be that person in the audience or not.
passed_on AS (
    SELECT external_id FROM known JOIN owners USING (pseudonym)
    GROUP BY external_id, known.customer_key HAVING NOT bool_or(owners.customer_key = known.customer_key)
),
-- Whom the destination knows by an address that is not theirs any more. Where the address is somebody else's now, or the destination has
-- one record for two customers, that record is not theirs to be written: it is cleared, and they go by their new address after that.
readdressed AS (
    SELECT external_id, known.address_hash IN (SELECT address_hash FROM desired WHERE address_hash IS NOT NULL)
        OR external_id IN (FROM passed_on)
        OR remote_id IN (SELECT remote_id FROM known WHERE operation = 'upsert' GROUP BY ALL HAVING count(*) > 1) AS is_taken
    FROM known JOIN desired USING (external_id)
    WHERE operation = 'upsert' AND remote_id IS NOT NULL AND known.address_hash <> desired.address_hash
),
-- Whose record was there once, for whatever audience: who comes back, or joins another one, is no reason to make a deleted record again.
taken AS (SELECT external_id FROM state.acknowledged WHERE operation = 'upsert' OR payload_hash IS NOT NULL),
compared AS (
    SELECT external_id, coalesce(desired.customer_key, known.customer_key) AS customer_key, desired.email, remote_id, desired.fields,
        known.address_hash AS known_address, desired.address_hash AS wanted_address, coalesce(NOT is_taken, false) AS moved,
        known.pseudonym AS known_pseudonym, owners.pseudonym AS wanted_pseudonym,
        suppressed_as, coalesce(maybe_sent, false) AS maybe_sent, acknowledged_at,
        CASE WHEN is_ordered OR suppressed_as = 'erased' THEN cleared.forgotten ELSE cleared.fields END AS empty,
        coalesce(known.operation = 'upsert', false) AS is_held,
        -- Who had left by the last sync, and keeps what they had, leaves no audience again.
        is_held AND external_id NOT IN (SELECT external_id FROM state.kept WHERE audience = $audience) AS was_in,
        known.payload_hash IS NOT NULL AS is_settled,
        desired.external_id IS NOT NULL AS is_there,
        desired.external_id IS NOT NULL AND suppressed_as IS NULL AND NOT coalesce(is_taken, false) AND is_ordered IS NULL AS is_wanted,
        desired.payload_hash AS wanted_hash, known.payload_hash AS known_hash, desired.coarse_hash,
        desired.coarse_hash IS NOT DISTINCT FROM known.coarse_hash AS is_alike,
        desired.external_id IS NULL AND (known.address_hash IN (SELECT address_hash FROM desired WHERE suppressed_as IS NULL)
            OR known.external_id IN (FROM passed_on)) AS is_passed_on
    FROM desired FULL JOIN known USING (external_id) LEFT JOIN readdressed USING (external_id)
        LEFT JOIN owners ON owners.customer_key = desired.customer_key CROSS JOIN cleared
)
SELECT external_id, customer_key, email, known_address, moved AND is_wanted AS moved,
    is_wanted AND NOT $recreate AND external_id IN (FROM taken) AS stays_gone,
    CASE WHEN moved OR NOT is_wanted THEN known_address ELSE wanted_address END AS address_hash,
    -- Of what was cleared nothing has to be found out any more.
    CASE WHEN is_wanted AND moved THEN known_pseudonym WHEN is_wanted THEN wanted_pseudonym END AS pseudonym,
    -- An id that was told for another address says nothing of this one.
    CASE WHEN NOT is_wanted OR moved OR (is_held AND known_address IS NOT DISTINCT FROM wanted_address) THEN remote_id END AS remote_id,
    was_in, is_settled, is_alike, acknowledged_at, suppressed_as, coarse_hash,
    CASE
        WHEN is_wanted AND is_held AND NOT maybe_sent AND wanted_hash = known_hash THEN 'unchanged'
        WHEN is_wanted THEN 'upsert'
        -- Whom the outside knows by another id since has not left: what the old one holds would stay as it is for good. Nor is anybody
        -- kept at an address that is another customer's now.
        WHEN NOT $mirror AND NOT is_there AND is_held AND NOT maybe_sent AND customer_key IN (FROM permitted)
            AND NOT coalesce(is_passed_on, false)
            AND customer_key NOT IN (SELECT customer_key FROM desired WHERE customer_key IS NOT NULL) THEN 'kept'
        WHEN is_held OR maybe_sent THEN 'clear'
        WHEN suppressed_as IS NOT NULL THEN 'suppressed'
        ELSE 'gone'
    END AS decision,
    CASE WHEN is_wanted THEN fields ELSE empty END AS fields,
    CASE WHEN is_wanted THEN wanted_hash ELSE sha256(empty) END AS payload_hash
FROM compared
"""

# Who needs a record that is about to be cleared waits until it is: a vendor's job does both in any order.
_WAIT = """
UPDATE decided SET decision = 'left_out' WHERE decision = 'upsert' AND (
    address_hash IN (SELECT known_address FROM decided WHERE decision = 'clear' AND known_address IS NOT NULL)
    OR remote_id IN (SELECT remote_id FROM decided WHERE decision = 'clear' AND remote_id IS NOT NULL))
"""

_LEAVE_OUT = "UPDATE decided SET decision = 'left_out' WHERE decision IN ('upsert', 'clear') "

# 'clear' sorts before 'upsert': who is to be forgotten goes first, should the night be cut short.
# Sorted first and numbered then: a window that sorts carries the fields twice.
_NUMBERED = """
SELECT row_number() OVER () AS number, * FROM (
    SELECT external_id, customer_key, coalesce(email, '') AS email, coalesce(remote_id, '') AS remote_id, moved, stays_gone,
        address_hash, pseudonym, decision AS operation, fields, payload_hash, coarse_hash,
        coalesce(epoch_us(acknowledged_at), 0) AS version,
        strlen(fields) + strlen(external_id) + strlen(coalesce(email, ''))
            + (SELECT more FROM cleared) AS size
    FROM decided WHERE decision IN ('upsert', 'clear') ORDER BY decision, external_id)
"""
_PLAN = f"CREATE OR REPLACE TEMP TABLE plan AS {_NUMBERED}"  # numbering leaves them in order; sorting again would cost as much
_FOLLOWS = """
CREATE OR REPLACE TEMP TABLE plan AS SELECT * REPLACE (row_number() OVER (ORDER BY number) AS number) FROM plan
WHERE operation = 'upsert' AND external_id NOT IN (FROM sent_before) ORDER BY number
"""
