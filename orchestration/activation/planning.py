"""What one destination shall have: the audience as a table of records, each with its hashes and the reason not to send it.

Comes in: the audience's Parquet file, the release's consent columns, the state. Goes out: the temporary tables `desired`, `cleared` (what
clears a customer, and how many bytes more the names of its fields take there) and `permitted`.

Columns of an audience: `external_id` (default: `customer_key`), `customer_key`, `email` where the destination knows customers by it (it
identifies, is no field, and is never remembered), consent columns, which are enforced and not sent, and fields. A field in `UNHASHED` is
sent along but does not make a record count as changed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

import duckdb
import orjson

from orchestration.activation.audience import (
    ActivationError,
    AudienceSource,
    as_coarse_json,
    as_json,
    as_probabilities,
    columns_of,
    kind_of,
)
from orchestration.activation.consent import consent_columns, consent_joins, make_permitted, suppression
from orchestration.activation.fields import EMAIL, IDENTITY, KEY, UNHASHED, fields_of, tells_of_customers
from orchestration.destinations.base import Destination
from orchestration.plain_words import counted
from orchestration.sql_text import literal


def make_desired(
    connection: duckdb.DuckDBPyConnection,
    release: AudienceSource,
    table: str,
    destination: Destination,
    no_more: Collection[str] = (),
    later: AudienceSource | None = None,
) -> dict[str, str]:
    """Make the temporary table `desired`: external_id, customer_key, email, address_hash, fields (JSON), payload_hash, coarse_hash,
    probabilities (struct), suppressed_as.

    Returns the kind of every field: number, boolean, date, time, list or text. `no_more`: further ones that are only cleared. `later`: a
    release that knows of consent what `release` does not.
    """
    columns = _columns(connection, release, table, destination)
    fields = fields_of(columns, destination)
    consent = consent_columns(destination.channels, profiles=tells_of_customers(fields))
    joined, places = consent_joins(connection, release, columns, consent, table, later)
    identity = IDENTITY if IDENTITY in columns else KEY
    email = "lower(trim(CAST(audience.email AS VARCHAR)))" if destination.needs_email else "NULL"
    reason = suppression(identity, places, email if destination.needs_email else "")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE desired AS
        SELECT CAST(audience.{identity} AS VARCHAR) AS external_id, CAST(audience.customer_key AS VARCHAR) AS customer_key,
            CAST({email} AS VARCHAR) AS email, sha256((SELECT value FROM state.salt) || {email}) AS address_hash,
            {as_json(fields, no_more)} AS fields, {_hashes(fields, email, destination.names)},
            {as_probabilities(fields)} AS probabilities, {reason} AS suppressed_as
        FROM read_parquet({literal(release.table_file(table))}) AS audience {joined}""")
    _require_distinct(connection, table)
    if destination.needs_email:
        _require_addresses(connection, release, table, destination)
    make_permitted(connection, release, consent, later)
    _make_cleared(connection, destination, [*fields, *no_more])
    return {name: kind_of(kind) for name, kind in fields.items()}


def _columns(connection: duckdb.DuckDBPyConnection, release: AudienceSource, table: str, destination: Destination) -> dict[str, str]:
    """The audience's columns with their types. Raises ActivationError where it is not there, or lacks what customers are known by."""
    if table not in release.tables:
        raise ActivationError(f"release {release.id} has no table {table}; add the model dbt_project/models/marts/activation/{table}.sql")
    columns = columns_of(connection, release.table_file(table))
    if KEY not in columns:
        raise ActivationError(f"{table}: has no customer_key; an audience has one row per customer")
    if destination.needs_email and EMAIL not in columns:
        raise ActivationError(f"{table}: has no email, by which {destination.name} knows customers")
    return columns


def _hashes(fields: Mapping[str, str], email: str, names: Mapping[str, str]) -> str:
    """SQL of payload_hash, in which any change of a record shows, and of coarse_hash, in which last digits do not."""
    hashed = {name: kind for name, kind in fields.items() if name not in UNHASHED}
    # Under another name the same value is news to a destination.
    named = literal(json.dumps({name: names[name] for name in sorted(fields) if names.get(name)}))
    named = f", {named}" * bool(names)
    return f"sha256(concat({as_json(hashed)}, {email}{named})) AS payload_hash, sha256({as_coarse_json(hashed)}) AS coarse_hash"


def _make_cleared(connection: duckdb.DuckDBPyConnection, destination: Destination, names: Collection[str]) -> None:
    # The key stays with who only leaves an audience, since another one may have written it too; of who was erased nothing stays.
    all_of_them = sorted(names)
    empty = {"fields": [name for name in all_of_them if name != KEY], "forgotten": all_of_them}
    texts = ", ".join(f"{literal(orjson.dumps(dict.fromkeys(names)).decode())} AS {column}" for column, names in empty.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE cleared AS SELECT {texts}, {_longer_there(destination, all_of_them)} AS more")


def _longer_there(destination: Destination, fields: Collection[str]) -> int:
    """Bytes by which the names of all fields are longer at the destination than as the fields' own."""
    return sum(max(0, len(destination.name_of(field).encode()) - len(field.encode())) for field in fields)


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
            raise ActivationError(f"{table}: {counted(repeated, 'row')} with the {name} of another; an audience has one row per customer")
