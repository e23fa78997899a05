"""Which columns of an audience are fields that a destination is sent, and of which kind each is.

Comes in: columns, a release. Goes out: fields. What identifies a customer and what decides whether they may be sent is no field.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from orchestration.activation.audience import AudienceSource, columns_of, kind_of
from orchestration.activation.consent import ERASED, consent_columns
from orchestration.destinations.base import Destination

IDENTITY, EMAIL, CONSENT, KEY = "external_id", "email", "has_marketing_consent", "customer_key"
UNHASHED = frozenset({"as_of_date"})  # moves every night; hashing it would send everyone every night
_REFUSED = "suppress_"  # fields that say on which channels a customer may not be written to


def fields_of(columns: Mapping[str, str], destination: Destination, *, chosen: bool = True) -> dict[str, str]:
    """Field → type in SQL: the `chosen` ones, where the company has chosen any, and the key by which a record is found again; else all."""
    others = {IDENTITY, EMAIL, CONSENT, ERASED, *consent_columns(destination.channels)}
    wanted = {KEY, *destination.names} if destination.names and chosen else set(columns)
    return {name: kind for name, kind in columns.items() if name in wanted - others}


def tells_of_customers(fields: Mapping[str, str]) -> bool:
    """Whether any field says more than that somebody may not be written to.

    That is owed to everybody: a suppression that went with the consent to profiling would have marketing sent to who refused both.
    """
    said = [(name, kind) for name, kind in fields.items() if name not in {KEY, *UNHASHED}]
    return not said or not all(name.startswith(_REFUSED) and kind == "BOOLEAN" for name, kind in said)


def kinds_of(release: AudienceSource, audience: str, destination: Destination, *, chosen: bool = True) -> dict[str, str]:
    """Field → number, boolean, date, time, list or text of an audience; nothing where the release has no such audience."""
    with duckdb.connect() as connection:
        return kinds_by(connection, release, audience, destination, chosen=chosen)


def kinds_by(
    connection: duckdb.DuckDBPyConnection, release: AudienceSource, audience: str, destination: Destination, *, chosen: bool = True
) -> dict[str, str]:
    """The same, asked by a connection that is there already: to make one takes longer than the question."""
    table = f"sync_{destination.type}__{audience}"
    if table not in release.tables:
        return {}
    fields = fields_of(columns_of(connection, release.table_file(table)), destination, chosen=chosen)
    return {name: kind_of(kind) for name, kind in fields.items()}
