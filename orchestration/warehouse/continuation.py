"""Whether tonight's SQL continues last night's build, and what the next night has to know of tonight's.

Comes in: a connection to the warehouse, the as-of date, a fingerprint of everything else that determines the marts.
Goes out: a Build to continue, or None, which means that everything is built anew; the tables `ops.built_*`.

A build is continued only if all of it was built, from loads that are all still there, by the same project with the same variables, and
for the same month up to this day at most: a month that ends is measured anew for everyone. From the moment a build begins until all of
it has been built there is nothing to continue, so that a run that was stopped in between is followed by a full build.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

_TABLES = {
    "built_night": "as_of_date DATE, fingerprint VARCHAR",
    "built_loads": "source VARCHAR, table_name VARCHAR, load_id VARCHAR",
    "built_quarantine": "table_name VARCHAR, source VARCHAR, load_id VARCHAR, row_number BIGINT",
    "built_identities": "source_name VARCHAR, record_type VARCHAR, source_customer_id VARCHAR, customer_key VARCHAR",
    "built_rates": "currency VARCHAR, day DATE, rate DOUBLE",
    "built_traits": "trait VARCHAR, source_name VARCHAR, detail VARCHAR",
    "built_facts": "customer_key VARCHAR, facts_hash BIGINT",
    "built_features": "customer_key VARCHAR, cutoff_index INTEGER, cutoff_date DATE, is_for_customers BOOLEAN",
}
_SEEN = {
    "built_loads": "SELECT source, table_name, load_id FROM ops.gate_loads",
    "built_quarantine": "SELECT DISTINCT table_name, source, load_id, row_number FROM ops.quarantined_rows",
    "built_identities": "SELECT source_name, record_type, source_customer_id, customer_key FROM intermediate.int_customer_identities",
    "built_rates": "SELECT currency, day, rate FROM intermediate.int_exchange_rates_daily",
    "built_traits": "SELECT trait, source_name, detail FROM intermediate.int_source_traits",
    "built_facts": "SELECT customer_key, facts_hash FROM intermediate.int_feature_facts",
    "built_features": "SELECT customer_key, cutoff_index, cutoff_date, is_for_customers FROM intermediate.int_feature_rows",
}


@dataclass(frozen=True)
class Build:
    """A complete build of an earlier night (or of this one) that tonight continues, and the ids of the loads that have landed since."""

    as_of: date
    new_loads: tuple[str, ...]

    def variables(self) -> dict[str, Any]:
        """What dbt has to know of it."""
        return {"built_as_of": self.as_of.isoformat(), "new_loads": list(self.new_loads)}


def fingerprint(project_hash: str, variables: Mapping[str, Any]) -> str:
    """A hash of what determines the marts beside the landed rows and the as-of date."""
    lasting = {name: value for name, value in variables.items() if name not in ("as_of", "destinations")}
    return hashlib.sha256(json.dumps([project_hash, lasting], sort_keys=True).encode()).hexdigest()


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables `ops.built_*` where they are missing."""
    for name, columns in _TABLES.items():
        connection.execute(f"CREATE TABLE IF NOT EXISTS ops.{name} ({columns})")


def begin(connection: duckdb.DuckDBPyConnection, as_of: date, wanted: str) -> tuple[Build | None, str]:
    """The build that tonight continues, if any, and why, in words; from now on there is none until `complete` is called."""
    prepare(connection)
    built = connection.execute("SELECT as_of_date, fingerprint FROM ops.built_night").fetchone()
    connection.execute("DELETE FROM ops.built_night")
    reason = _against(built, as_of, wanted) or _lost(connection)
    if built is None or reason:
        return None, f"everything is built anew: {reason}"
    new = connection.execute(
        f"SELECT DISTINCT load_id FROM ({_SEEN['built_loads']} EXCEPT FROM ops.built_loads) ORDER BY load_id"
    ).fetchall()
    build = Build(built[0], tuple(load for (load,) in new))
    return build, f"continues the build of {build.as_of}; loads since: {len(build.new_loads)}"


def complete(connection: duckdb.DuckDBPyConnection, as_of: date, wanted: str) -> None:
    """Remember what tonight's build, of which every model was built, has seen. All or nothing."""
    connection.begin()
    for name, query in _SEEN.items():
        connection.execute(f"DELETE FROM ops.{name}")
        connection.execute(f"INSERT INTO ops.{name} {query}")
    connection.execute("INSERT INTO ops.built_night VALUES (?, ?)", [as_of, wanted])
    connection.commit()


def _against(built: tuple[date, str] | None, as_of: date, wanted: str) -> str:
    """What speaks against continuing; empty when nothing does."""
    if built is None:
        return "no complete build is remembered"
    if built[1] != wanted:
        return "the project or a setting has changed"
    if built[0] > as_of:
        return f"the last build is that of {built[0]}, a later day"
    if built[0].replace(day=1) != as_of.replace(day=1):
        return "a month has begun"
    return ""


def _lost(connection: duckdb.DuckDBPyConnection) -> str:
    lost = connection.execute(f"SELECT count(*) FROM (FROM ops.built_loads EXCEPT {_SEEN['built_loads']})").fetchone()
    return "" if lost == (0,) else "loads that it was built from are gone"
