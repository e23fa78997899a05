"""Who may be sent: consent and erasure, read from the audience or else from the release's customers.

Comes in: the audience's columns and the destination's channels. Goes out: SQL that names the reason why a record is suppressed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from orchestration.activation.audience import ActivationError, AudienceSource, columns_of
from orchestration.sql_text import literal

ERASED, PROFILED = "is_erased", "can_profile"
# Where consent is read when the audience itself does not carry it.
_CONSENT_TABLES = ("dim_customers", "customer_360")


def consent_columns(channels: Sequence[str]) -> list[str]:
    """The columns that decide, for a marketing destination on `channels` or, without channels, a system of record."""
    return [f"can_{channel}" for channel in channels] if channels else [PROFILED]


def consent_joins(
    connection: duckdb.DuckDBPyConnection, release: AudienceSource, columns: Mapping[str, str], consent: Sequence[str], table: str
) -> tuple[str, dict[str, str]]:
    """The joins that bring the consent columns to `audience`, and where each then is. Raises ActivationError when one is nowhere."""
    places = {name: f"audience.{name}" for name in (ERASED, *consent) if name in columns}
    joins = ""
    for source in (name for name in _CONSENT_TABLES if name in release.tables):
        found = [name for name in (ERASED, *consent) if name not in places and name in columns_of(connection, release.table_file(source))]
        if found:
            joins += f" LEFT JOIN read_parquet({literal(release.table_file(source))}) AS {source} USING (customer_key)"
            places |= {name: f"{source}.{name}" for name in found}
    missing = [name for name in (ERASED, *consent) if name not in places]
    if missing:
        raise ActivationError(f"{table}: consent cannot be checked, so nothing is sent; {missing[0]} is neither there nor in dim_customers")
    return joins, places


def make_permitted(connection: duckdb.DuckDBPyConnection, release: AudienceSource, channels: Sequence[str]) -> None:
    """Make the temporary table `permitted`: keys of all who may be sent, in the audience or not. Empty when that cannot be told."""
    names = (ERASED, PROFILED, *(f"can_{channel}" for channel in channels))
    tables = [name for name in _CONSENT_TABLES if name in release.tables]
    joined = " FULL JOIN ".join(f"read_parquet({literal(release.table_file(name))}) AS {name}" + (" USING (customer_key)" if number else "")
                                for number, name in enumerate(tables))  # fmt: skip
    places = {column: f"{table}.{column}" for table in tables for column in columns_of(connection, release.table_file(table))}
    if not set(names) <= set(places):
        connection.execute("CREATE OR REPLACE TEMP TABLE permitted AS SELECT '' AS customer_key WHERE false")
        return
    granted = " OR ".join(f"coalesce({places[name]}, false)" for name in names[2:]) or "true"
    connection.execute(f"""CREATE OR REPLACE TEMP TABLE permitted AS SELECT CAST(customer_key AS VARCHAR) AS customer_key FROM {joined}
        WHERE NOT coalesce({places[ERASED]}, true) AND coalesce({places[PROFILED]}, false) AND ({granted})""")


def suppression(channels: Sequence[str], identity: str, places: Mapping[str, str], *, needs_email: bool = False) -> str:
    """SQL for the reason not to send a record, NULL when there is none. Fails closed: a customer of whom nothing is known is suppressed."""
    if channels:
        granted = " OR ".join(f"coalesce({places[f'can_{channel}']}, false)" for channel in channels)
        consent = f"WHEN NOT ({granted}) THEN 'no_consent'"
    else:
        consent = f"WHEN NOT coalesce({places[PROFILED]}, false) THEN 'profiling_withdrawn'"
    missing = f"WHEN audience.{identity} IS NULL THEN 'no_external_id'"
    known = f"WHEN {places[ERASED]} IS NULL THEN 'unknown_customer'"
    address = f"WHEN nullif({places['email']}, '') IS NULL THEN 'no_email'" if needs_email else ""
    return f"CASE {missing} {known} WHEN {places[ERASED]} THEN 'erased' {consent} {address} END"
