"""What one destination shall receive tonight: desired state against acknowledged state, decided in SQL, a million rows at a time.

Comes in: the audience's Parquet file, the release's consent columns, the state. Goes out: the temporary table `plan` with one row per
record that is to be sent, numbered in sending order, and the counts of everything else.

Columns of an audience: `external_id` (default: `customer_key`), `customer_key`, consent columns, which are enforced and not sent, and
fields. A field in `UNHASHED` is sent along but does not make a record count as changed.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.activation.audience import ActivationError, AudienceSource, as_json, columns_of, text
from orchestration.activation.consent import ERASED, PROFILED, consent_columns, consent_joins, suppression

UNHASHED = frozenset({"as_of_date"})  # moves every night; hashing it would send everyone every night
IDENTITY = "external_id"


def make_desired(connection: duckdb.DuckDBPyConnection, release: AudienceSource, table: str, channels: Sequence[str]) -> None:
    """Make the temporary table `desired`: external_id, customer_key, fields (JSON), empty_fields, payload_hash, suppressed_as."""
    if table not in release.tables:
        raise ActivationError(f"release {release.id} has no table {table}; add the model dbt_project/models/marts/activation/{table}.sql")
    columns = columns_of(connection, release.table_file(table))
    if "customer_key" not in columns:
        raise ActivationError(f"{table}: has no customer_key; an audience has one row per customer")
    consent = consent_columns(channels)
    joined, places = consent_joins(connection, release, columns, consent, table)
    identity = IDENTITY if IDENTITY in columns else "customer_key"
    fields = {name: kind for name, kind in columns.items() if name not in {IDENTITY, ERASED, PROFILED, *consent}}
    hashed = {name: kind for name, kind in fields.items() if name not in UNHASHED}
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE desired AS
        SELECT CAST(audience.{identity} AS VARCHAR) AS external_id, CAST(audience.customer_key AS VARCHAR) AS customer_key,
            {as_json(fields)} AS fields, sha256({as_json(hashed)}) AS payload_hash,
            {suppression(channels, identity, places)} AS suppressed_as
        FROM read_parquet({text(release.table_file(table))}) AS audience {joined}""")
    _require_distinct(connection, table)
    empty = ", ".join(f"{text(name)}: NULL" for name in sorted(fields) if name != "customer_key")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE cleared AS SELECT CAST(to_json({{{empty}}}) AS VARCHAR) AS fields")


def make_plan(connection: duckdb.DuckDBPyConnection, audience: str, *, retry_dead: bool = False) -> dict[str, int]:
    """Make the temporary tables `decided` and `plan` from `desired` and the state; returns decision → records."""
    connection.execute(_DECIDE, {"audience": audience})
    if not retry_dead:
        connection.execute(_BURY, {"audience": audience})
    connection.execute(_PLAN)
    return dict(connection.execute("SELECT decision, count(*) FROM decided GROUP BY ALL ORDER BY ALL").fetchall())


def change_share(connection: duckdb.DuckDBPyConnection) -> float:
    """Share of the customers the destination has now that tonight would change or clear; who never was sent does not count."""
    query = "SELECT count(*) FILTER (WHERE decision IN ('upsert', 'clear')), count(*) FROM decided WHERE is_held"
    changed, held = connection.execute(query).fetchall()[0]
    return changed / held if held else 0.0


_DECIDE = """
CREATE OR REPLACE TEMP TABLE decided AS
WITH known AS (
    SELECT external_id, any_value(customer_key) AS customer_key, max(operation) AS operation, max(payload_hash) AS payload_hash,
        max(acknowledged_at) AS acknowledged_at, bool_or(maybe_sent) AS maybe_sent
    FROM (
        SELECT external_id, customer_key, operation, payload_hash, acknowledged_at, false AS maybe_sent
        FROM state.acknowledged WHERE audience = $audience
        UNION ALL BY NAME
        SELECT external_id, customer_key, true AS maybe_sent FROM state.under_way WHERE audience = $audience
        UNION ALL BY NAME
        -- who was erased: nothing else is remembered of them until the destination has forgotten them
        SELECT external_id, true AS maybe_sent FROM orders WHERE audience = $audience
    )
    GROUP BY external_id
),
compared AS (
    SELECT external_id, coalesce(desired.customer_key, known.customer_key) AS customer_key, desired.fields, suppressed_as,
        coalesce(maybe_sent, false) AS maybe_sent, acknowledged_at,
        coalesce(known.operation = 'upsert', false) AS is_held,
        desired.external_id IS NOT NULL AND suppressed_as IS NULL AS is_wanted,
        desired.payload_hash AS wanted_hash, known.payload_hash AS known_hash
    FROM desired FULL JOIN known USING (external_id)
)
SELECT external_id, customer_key, is_held, acknowledged_at, suppressed_as,
    CASE
        WHEN is_wanted AND is_held AND NOT maybe_sent AND wanted_hash = known_hash THEN 'unchanged'
        WHEN is_wanted THEN 'upsert'
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

# 'clear' sorts before 'upsert': who is to be forgotten goes first, should the night be cut short.
_PLAN = """
CREATE OR REPLACE TEMP TABLE plan AS
SELECT row_number() OVER (ORDER BY decision, external_id) AS number, external_id, customer_key, decision AS operation, fields, payload_hash,
    coalesce(epoch_us(acknowledged_at), 0) AS version, strlen(fields) + strlen(external_id) AS size
FROM decided WHERE decision IN ('upsert', 'clear') ORDER BY number
"""


def _require_distinct(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    query = "SELECT count(external_id) - count(DISTINCT external_id) FROM desired"
    (repeated,) = connection.execute(query).fetchall()[0]
    if repeated:
        raise ActivationError(f"{table}: {repeated} rows repeat the external_id of another; an audience has one row per customer")
