"""Who may be sent: consent and erasure, asked of the audience and of the release's customers; the least permissive answer counts.

Comes in: the audience's columns and what decides. Goes out: SQL that names the reason why a record is suppressed.
A release knows nothing of what was said after its as-of date. Where an older one is sent from, after a rollback or because a night of long
ago was run again, the one that knows most is asked too: who has withdrawn since then is not used against their will.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from orchestration.activation.audience import ActivationError, AudienceSource, columns_of
from orchestration.sql_text import literal

ERASED, PROFILED = "is_erased", "can_profile"
# What the customers say counts whatever an audience carries itself: its model may be wrong, or older than a withdrawal.
_CONSENT_TABLES = ("dim_customers", "customer_360")
Places = Mapping[str, Sequence[str]]  # a column that decides → everywhere it is


def consent_columns(channels: Sequence[str], *, profiles: bool = True) -> list[str]:
    """The columns that decide: whether the customer may be profiled, where the fields do so, and for marketing the channels."""
    return [*([PROFILED] if profiles else []), *(f"can_{channel}" for channel in channels)]


def consent_joins(
    connection: duckdb.DuckDBPyConnection,
    release: AudienceSource,
    columns: Mapping[str, str],
    consent: Sequence[str],
    table: str,
    later: AudienceSource | None = None,
) -> tuple[str, Places]:
    """The joins that bring the consent columns to `audience`, and where each then is. Raises ActivationError when one is nowhere.

    later  a release that knows more than `release`, if there is one
    """
    places = {name: [f"audience.{name}"] if name in columns else [] for name in (ERASED, *consent)}
    joins = ""
    for source, (file, there) in _customers(connection, release, later).items():
        found = [name for name in places if name in there]
        joins += f" LEFT JOIN read_parquet({literal(file)}) AS {source} USING (customer_key)" * bool(found)
        for name in found:
            places[name].append(f"{source}.{name}")
    missing = [name for name, found in places.items() if not found]
    if missing:
        nowhere = f"{missing[0]} is neither there nor in {' or '.join(_CONSENT_TABLES)}"
        raise ActivationError(f"{table}: consent cannot be checked, so nothing is sent; {nowhere}")
    return joins, places


def make_permitted(
    connection: duckdb.DuckDBPyConnection, release: AudienceSource, consent: Sequence[str], later: AudienceSource | None = None
) -> None:
    """Make the temporary table `permitted`: keys of all who may be sent, in the audience or not. Empty when that cannot be told."""
    tables = _customers(connection, release, later)
    places = {name: [f"{table}.{name}" for table, (_, there) in tables.items() if name in there] for name in (ERASED, *consent)}
    if not all(places.values()):
        connection.execute("CREATE OR REPLACE TEMP TABLE permitted AS SELECT '' AS customer_key WHERE false")
        return
    joined = " FULL JOIN ".join(f"read_parquet({literal(file)}) AS {name}" + (" USING (customer_key)" if number else "")
                                for number, (name, (file, _)) in enumerate(tables.items()))  # fmt: skip
    connection.execute(f"""CREATE OR REPLACE TEMP TABLE permitted AS SELECT CAST(customer_key AS VARCHAR) AS customer_key FROM {joined}
        WHERE NOT coalesce({_erased(places)}, true) AND {_profiled(places)} AND {_reachable(places)}""")


def suppression(identity: str, places: Places, email: str = "") -> str:
    """SQL for the reason not to send a record, NULL when there is none. Fails closed: a customer of whom nothing is known is suppressed.

    `email`: SQL of the address, where the destination knows customers by it.
    """
    missing = f"WHEN audience.{identity} IS NULL THEN 'no_external_id'"
    erased = f"WHEN {_erased(places)} IS NULL THEN 'unknown_customer' WHEN {_erased(places)} THEN 'erased'"
    consent = f"WHEN NOT {_profiled(places)} THEN 'profiling_withdrawn' WHEN NOT {_reachable(places)} THEN 'no_consent'"
    address = f"WHEN nullif({email}, '') IS NULL THEN 'no_email'" if email else ""
    return f"CASE {missing} {erased} {consent} {address} END"


def _customers(
    connection: duckdb.DuckDBPyConnection, release: AudienceSource, later: AudienceSource | None
) -> dict[str, tuple[Path, dict[str, str]]]:
    """Alias → file and columns of each table of customers that the releases have."""
    asked = [("", release), *([("later_", later)] if later else [])]
    files = {f"{prefix}{name}": one.table_file(name) for prefix, one in asked for name in _CONSENT_TABLES if name in one.tables}
    return {name: (file, columns_of(connection, file)) for name, file in files.items()}


def _erased(places: Places) -> str:
    """True where one of them says so, NULL where one of them does not know the customer."""
    return f"({' OR '.join(places[ERASED])})"


def _granted(places: Places, name: str) -> str:
    return f"({' AND '.join(f'coalesce({place}, false)' for place in places[name])})"


def _profiled(places: Places) -> str:
    return _granted(places, PROFILED) if PROFILED in places else "true"


def _reachable(places: Places) -> str:
    """On one of the channels; anybody where there are none."""
    channels = [name for name in places if name not in (ERASED, PROFILED)]
    return f"({' OR '.join(_granted(places, name) for name in channels)})" if channels else "true"
