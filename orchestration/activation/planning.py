"""What one destination shall receive tonight: desired state against acknowledged state, decided in SQL, a million rows at a time.

Comes in: the audience's Parquet file, the release's consent columns, the state. Goes out: the temporary table `plan` with one row per
record that is to be sent, numbered in sending order, and the counts of everything else.

Columns of an audience: `external_id` (default: `customer_key`), `customer_key`, `email` where the destination knows customers by it (it
identifies, is no field, and is never remembered), consent columns, which are enforced and not sent, and fields. A field in `UNHASHED` is
sent along but does not make a record count as changed.
"""

from __future__ import annotations

import duckdb

from orchestration.activation.audience import ActivationError, AudienceSource, as_coarse_json, as_json, columns_of, kind_of, text
from orchestration.activation.consent import consent_columns, consent_joins, make_permitted, suppression
from orchestration.activation.fields import EMAIL, IDENTITY, fields_of
from orchestration.destinations.base import Destination

UNHASHED = frozenset({"as_of_date"})  # moves every night; hashing it would send everyone every night


def make_desired(connection: duckdb.DuckDBPyConnection, release: AudienceSource, table: str, destination: Destination) -> dict[str, str]:
    """Make the temporary table `desired`: external_id, customer_key, email, fields (JSON), payload_hash, coarse_hash, suppressed_as.

    Returns the kind of every field: number, boolean, date, time, list or text.
    """
    if table not in release.tables:
        raise ActivationError(f"release {release.id} has no table {table}; add the model dbt_project/models/marts/activation/{table}.sql")
    columns = columns_of(connection, release.table_file(table))
    if "customer_key" not in columns:
        raise ActivationError(f"{table}: has no customer_key; an audience has one row per customer")
    if destination.needs_email and EMAIL not in columns:
        raise ActivationError(f"{table}: has no email, by which {destination.name} knows customers")
    consent, fields = consent_columns(destination.channels), fields_of(columns, destination)
    joined, places = consent_joins(connection, release, columns, consent, table)
    identity = IDENTITY if IDENTITY in columns else "customer_key"
    hashed = {name: kind for name, kind in fields.items() if name not in UNHASHED}
    email = "lower(trim(CAST(audience.email AS VARCHAR)))" if destination.needs_email else "NULL"
    reason = suppression(destination.channels, identity, {**places, EMAIL: email}, needs_email=destination.needs_email)
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE desired AS
        SELECT CAST(audience.{identity} AS VARCHAR) AS external_id, CAST(audience.customer_key AS VARCHAR) AS customer_key,
            CAST({email} AS VARCHAR) AS email, {as_json(fields)} AS fields,
            sha256(concat({as_json(hashed)}, {email})) AS payload_hash, sha256({as_coarse_json(hashed)}) AS coarse_hash,
            {reason} AS suppressed_as
        FROM read_parquet({text(release.table_file(table))}) AS audience {joined}""")
    _require_distinct(connection, table)
    if destination.needs_email:
        _require_addresses(connection, release, table, destination)
    make_permitted(connection, release, destination.channels)
    empty = ", ".join(f"{text(name)}: NULL" for name in sorted(fields) if name != "customer_key")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE cleared AS SELECT CAST(to_json({{{empty}}}) AS VARCHAR) AS fields")
    return {name: kind_of(kind) for name, kind in fields.items()}


def make_plan(
    connection: duckdb.DuckDBPyConnection,
    audience: str,
    *,
    mode: str = "mirror",
    retry_dead: bool = False,
    limit: int | None = None,
    only: str | None = None,
) -> dict[str, int]:
    """Make the temporary tables `decided` and `plan` from `desired` and the state; returns decision → records.

    `mode` other than mirror leaves what customers have who leave the audience and may still be sent. `limit` and `only` (an external id
    or customer_key) leave out all others.
    """
    connection.execute(_DECIDE, {"audience": audience, "mirror": mode == "mirror"})
    if not retry_dead:
        connection.execute(_BURY, {"audience": audience})
    if only is not None:
        connection.execute(_LEAVE_OUT + "AND external_id <> $only AND customer_key IS DISTINCT FROM $only", {"only": only})
    if limit is not None:
        connection.execute(
            _LEAVE_OUT + f"AND external_id NOT IN (SELECT external_id FROM ({_NUMBERED}) WHERE number <= $most)", {"most": limit}
        )
    connection.execute(_PLAN)
    return dict(connection.execute("SELECT decision, count(*) FROM decided GROUP BY ALL ORDER BY ALL").fetchall())


def change_share(connection: duckdb.DuckDBPyConnection) -> float:
    """Share of the customers the destination has now that tonight would clear, or change in more than the last digits.

    Who never was sent does not count.
    """
    changed = "decision = 'clear' OR (decision = 'upsert' AND NOT is_alike)"
    query = f"SELECT count(*) FILTER (WHERE {changed}), count(*) FROM decided WHERE is_held"
    changed, held = connection.execute(query).fetchall()[0]
    return changed / held if held else 0.0


_DECIDE = """
CREATE OR REPLACE TEMP TABLE decided AS
WITH known AS (
    SELECT external_id, any_value(customer_key) AS customer_key, max(operation) AS operation, max(payload_hash) AS payload_hash,
        max(acknowledged_at) AS acknowledged_at, bool_or(maybe_sent) AS maybe_sent, max(remote_id) AS remote_id,
        max(coarse_hash) AS coarse_hash
    FROM (
        SELECT external_id, customer_key, operation, payload_hash, acknowledged_at, remote_id, coarse_hash, false AS maybe_sent
        FROM state.acknowledged WHERE audience = $audience
        UNION ALL BY NAME
        SELECT external_id, customer_key, true AS maybe_sent FROM state.under_way WHERE audience = $audience
        UNION ALL BY NAME
        -- who was erased: nothing else is remembered of them until the destination has forgotten them
        SELECT external_id, remote_id, true AS maybe_sent FROM state.to_forget WHERE audience = $audience
    )
    GROUP BY external_id
),
compared AS (
    SELECT external_id, coalesce(desired.customer_key, known.customer_key) AS customer_key, desired.email, remote_id, desired.fields,
        suppressed_as, coalesce(maybe_sent, false) AS maybe_sent, acknowledged_at,
        coalesce(known.operation = 'upsert', false) AS is_held,
        desired.external_id IS NOT NULL AS is_there,
        desired.external_id IS NOT NULL AND suppressed_as IS NULL AS is_wanted,
        desired.payload_hash AS wanted_hash, known.payload_hash AS known_hash, desired.coarse_hash,
        desired.coarse_hash IS NOT DISTINCT FROM known.coarse_hash AS is_alike
    FROM desired FULL JOIN known USING (external_id)
)
SELECT external_id, customer_key, email, remote_id, is_held, is_alike, acknowledged_at, suppressed_as, coarse_hash,
    CASE
        WHEN is_wanted AND is_held AND NOT maybe_sent AND wanted_hash = known_hash THEN 'unchanged'
        WHEN is_wanted THEN 'upsert'
        WHEN NOT $mirror AND NOT is_there AND is_held AND NOT maybe_sent AND customer_key IN (FROM permitted) THEN 'kept'
        WHEN is_held OR maybe_sent THEN 'clear'
        WHEN suppressed_as IS NOT NULL THEN 'suppressed'
        ELSE 'gone'
    END AS decision,
    CASE WHEN is_wanted THEN compared.fields ELSE cleared.fields END AS fields,
    CASE WHEN is_wanted THEN wanted_hash ELSE sha256(cleared.fields) END AS payload_hash
FROM compared, cleared
"""

_BURY = """
UPDATE decided SET decision = 'dead' FROM state.dead_letters AS dead
WHERE dead.audience = $audience AND dead.external_id = decided.external_id AND dead.payload_hash = decided.payload_hash
    AND decision IN ('upsert', 'clear')
"""

_LEAVE_OUT = "UPDATE decided SET decision = 'left_out' WHERE decision IN ('upsert', 'clear') "

# 'clear' sorts before 'upsert': who is to be forgotten goes first, should the night be cut short.
_NUMBERED = """
SELECT row_number() OVER (ORDER BY decision, external_id) AS number, external_id, customer_key, coalesce(email, '') AS email,
    coalesce(remote_id, '') AS remote_id, decision AS operation, fields, payload_hash, coarse_hash,
    coalesce(epoch_us(acknowledged_at), 0) AS version, strlen(fields) + strlen(external_id) + strlen(coalesce(email, '')) AS size
FROM decided WHERE decision IN ('upsert', 'clear')
"""
_PLAN = f"CREATE OR REPLACE TEMP TABLE plan AS {_NUMBERED} ORDER BY number"


def _require_addresses(connection: duckdb.DuckDBPyConnection, release: AudienceSource, table: str, destination: Destination) -> None:
    rows, addresses = connection.execute("SELECT count(*), count(email) FROM desired").fetchall()[0]
    if rows and not addresses:
        raise ActivationError(
            f"{table}: release {release.id} holds no address by which {destination.name} knows customers: it was made before a destination"
            f" of type {destination.type} was configured, and the next night's will"
        )


def _require_distinct(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    for name in (IDENTITY, EMAIL):
        (repeated,) = connection.execute(f"SELECT count({name}) - count(DISTINCT {name}) FROM desired").fetchall()[0]
        if repeated:
            raise ActivationError(f"{table}: {repeated} rows repeat the {name} of another; an audience has one row per customer")
