"""Which columns of an audience are fields that a destination is sent, and of which kind each is.

Comes in: columns, a release. Goes out: fields. What identifies a customer and what decides whether they may be sent is no field.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from orchestration.activation.audience import AudienceSource, columns_of, kind_of
from orchestration.activation.consent import ERASED, PROFILED, consent_columns
from orchestration.destinations.base import Destination

IDENTITY, EMAIL, CONSENT = "external_id", "email", "has_marketing_consent"


def fields_of(columns: Mapping[str, str], destination: Destination) -> dict[str, str]:
    """Field → type in SQL."""
    others = {IDENTITY, EMAIL, CONSENT, ERASED, PROFILED, *consent_columns(destination.channels)}
    return {name: kind for name, kind in columns.items() if name not in others}


def kinds_of(release: AudienceSource, audience: str, destination: Destination) -> dict[str, str]:
    """Field → number, boolean, date, time, list or text of an audience; nothing where the release has no such audience."""
    table = f"sync_{destination.type}__{audience}"
    if table not in release.tables:
        return {}
    with duckdb.connect() as connection:
        fields = fields_of(columns_of(connection, release.table_file(table)), destination)
    return {name: kind_of(kind) for name, kind in fields.items()}
