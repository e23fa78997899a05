"""Whose an address is tonight, of all customers: an address that went to somebody outside the audience must not lead to their record.

Comes in: the release's customers, the state. Goes out: the temporary table `owners` (customer_key, pseudonym), where a pseudonym is the
keyed hash of an address that a release has of everybody: of who is in no audience nothing else is there to tell by.
"""

from __future__ import annotations

import duckdb

from orchestration.activation.audience import AudienceSource, columns_of
from orchestration.destinations.base import Destination
from orchestration.sql_text import literal

_CUSTOMERS, _PSEUDONYM = "dim_customers", "primary_email_hash"


def make_owners(connection: duckdb.DuckDBPyConnection, release: AudienceSource, destination: Destination) -> None:
    """Make the table; empty where the destination does not go by addresses, or the release has no such customers."""
    known = "SELECT '' AS customer_key, '' AS pseudonym WHERE false"
    if destination.needs_email and _CUSTOMERS in release.tables:
        file = release.table_file(_CUSTOMERS)
        if _PSEUDONYM in columns_of(connection, file):
            known = f"""SELECT CAST(customer_key AS VARCHAR) AS customer_key, {_PSEUDONYM} AS pseudonym FROM read_parquet({literal(file)})
                WHERE {_PSEUDONYM} IS NOT NULL"""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE owners AS {known}")


def learn(connection: duckdb.DuckDBPyConnection, audience: str) -> None:
    """Write down the pseudonyms of addresses that records still lie under and of which none is known, as of a state of an older version."""
    connection.execute(
        """UPDATE state.acknowledged SET pseudonym = owners.pseudonym FROM desired JOIN owners USING (customer_key)
        WHERE audience = $audience AND acknowledged.pseudonym IS NULL
            AND acknowledged.external_id = desired.external_id AND acknowledged.address_hash = desired.address_hash""",
        {"audience": audience},
    )
