"""Everything that is held on one person, in a form that a machine can read.

Comes in: the home and a subject. Goes out: a dict for JSON: landed rows with source, load and file; marts, scores with their reasons
included; what destinations were sent, what else is remembered of them there, and the log of it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration import activation, landing, releases
from orchestration.home import Home
from orchestration.landing import Tombstones
from orchestration.privacy.subject import Subject
from orchestration.sql_text import identifier

_LOAD = re.compile(r"load_id=([^/]+)")


def everything(home: Home, subject: Subject) -> dict[str, Any]:
    """What landing, quarantine, the served release and activation hold; of past releases, where the person is in them too."""
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "customer_keys": list(subject.keys),
        "records": [dict(zip(("source", "record_type", "id"), record, strict=True)) for record in subject.records],
        "landing": (landed := _landed(home, subject)),
        "quarantine": _quarantined(home, landed),
        "releases": [one for name in releases.ids(home.root) if (one := _released(home, name, subject))],
        "activation": _activated(home, subject),
        "activation_further": _further(home, subject),
        "sync_log": _logged(activation.log_parts(home.state), subject),
    }


def _landed(home: Home, subject: Subject) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for source, table, path, row in landing.rows_of(home.landing, Tombstones.in_memory(subject.tombstones)):
        load = _LOAD.search(path)
        origin = {
            "source": source,
            "load": load[1] if load else None,
            "landed_in": path,
            "file": row.pop("_file"),
            "row": row.pop("_row_number"),
        }
        found.setdefault(table, []).append({**origin, **{name: value for name, value in row.items() if name != "_row_hash"}})
    return found


def _quarantined(home: Home, landed: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Which of those rows wait in quarantine, and why: a row of somebody else that quotes the person is not theirs to see."""
    if not home.warehouse.exists():
        return []
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        if not connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'quarantined_rows'").fetchone():
            return []
        waiting = connection.execute("SELECT * FROM ops.quarantined_rows WHERE list_contains(?, table_name)", [list(landed)])
        mine = {(one["source"], table, one["load"], one["row"]) for table, rows in landed.items() for one in rows}
        found = waiting.to_arrow_table().to_pylist()
    return [row for row in found if (row["source"], row["table_name"], row["load_id"], row["row_number"]) in mine]


def _released(home: Home, name: str, subject: Subject) -> dict[str, Any] | None:
    """The tables of the served release; of an older one only how many rows each holds, for they say the same of another day."""
    release = releases.open_release(releases.releases_folder(home.root).resolve() / name)
    keys = subject.person.keys | releases.keys_in(release, subject.person)
    person = replace(subject.person, keys=keys)
    tables: dict[str, Any] = {}
    with release.connect() as marts:
        for table in release.tables:
            columns = {one[0]: one[1] for one in marts.execute(f'DESCRIBE marts."{table}"').fetchall()}
            rows = marts.execute(f'SELECT * FROM marts."{table}" WHERE {person.rows(columns)}').to_arrow_table().to_pylist()
            tables |= {table: rows if name == releases.current_id(home.root) else len(rows)} if rows else {}
    return {"release": name, "as_of": release.as_of.isoformat(), "tables": tables} if tables else None


def _activated(home: Home, subject: Subject) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((home.state / "activation").glob("*.duckdb")):
        with duckdb.connect(str(path), read_only=True) as connection:
            rows = connection.execute(
                "SELECT audience, external_id, operation, acknowledged_at FROM acknowledged WHERE list_contains(?, external_id)",
                [sorted(subject.person.external_ids)],
            ).to_arrow_table()
        found[path.stem] = rows.to_pylist()
    return found


def _further(home: Home, subject: Subject) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Destination → table → what else is remembered of them there: what was rejected and why, what is under way, who is to be forgotten."""
    known = [sorted(subject.person.external_ids)]
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for path in sorted((home.state / "activation").glob("*.duckdb")):
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = "SELECT table_name FROM duckdb_columns() WHERE column_name = 'external_id' AND table_name <> 'acknowledged' ORDER BY 1"
            rows = {
                table: connection.execute(f"FROM {identifier(table)} WHERE list_contains(?, external_id)", known)
                .to_arrow_table()
                .to_pylist()
                for (table,) in connection.execute(tables).fetchall()
            }
        if told := {table: one for table, one in rows.items() if one}:
            found[path.stem] = told
    return found


def _logged(parts: list[Path], subject: Subject) -> list[dict[str, Any]]:
    if not parts:
        return []
    query = "FROM read_parquet(?, union_by_name = true) WHERE list_contains(?, external_id) OR list_contains(?, customer_key)"
    files = [str(path) for path in parts]
    return duckdb.execute(query, [files, sorted(subject.person.external_ids), list(subject.keys)]).to_arrow_table().to_pylist()
