"""A person leaves what activation remembers; what is left is the order to a destination to forget them, until it has said that it has.

Comes in: the state folder, who is meant. Goes out: the state of each destination and the sync log, rewritten (rows that are only deleted
would stay in the free blocks of a DuckDB file). The order is a row of `to_forget`: the next live sync sends the clearing record for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

import duckdb

from orchestration.activation.log import parts, write_part
from orchestration.activation.state_tables import TABLES
from orchestration.sql_text import literal

Note = Callable[[Path, int, int], None]
_ABOUT = ("acknowledged", "dead_letters", "under_way", "jobs", "suppressed", "kept", "absent", "attempts")


def forget(state_folder: Path, keys: Collection[str], external_ids: Collection[str], note: Note) -> dict[str, int]:
    """Remove the person everywhere; returns destination → orders that wait for its next sync."""
    waiting: dict[str, int] = {}
    for path in sorted((state_folder / "activation").glob("*.duckdb")):
        orders = _rewritten(path, keys, external_ids, note)
        if orders:
            waiting[path.stem] = orders
    _clear_log(state_folder, keys, external_ids, note)
    return waiting


def orders(state_folder: Path) -> dict[str, list[str]]:
    """Destination → external ids of people whom it has still to forget."""
    found: dict[str, list[str]] = {}
    for path in sorted((state_folder / "activation").glob("*.duckdb")):
        with duckdb.connect(str(path), read_only=True) as connection:
            if connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'to_forget'").fetchone():
                ids = [one for (one,) in connection.execute("SELECT DISTINCT external_id FROM to_forget ORDER BY 1").fetchall()]
                found |= {path.stem: ids} if ids else {}
    return found


def audiences(state_folder: Path, destination: str) -> list[str]:
    """The audiences of which the destination has, or may have, something of somebody."""
    path = state_folder / "activation" / f"{destination}.duckdb"
    if not path.exists():
        return []
    with duckdb.connect(str(path), read_only=True) as connection:
        there = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        parts = ["SELECT audience FROM acknowledged WHERE operation = 'upsert'"] if "acknowledged" in there else []
        parts += [f"SELECT audience FROM {table}" for table in ("under_way", "jobs", "to_forget") if table in there]
        return [one for (one,) in connection.execute(f"{' UNION '.join(parts)} ORDER BY 1").fetchall()] if parts else []


def rewritten(path: Path) -> None:
    """Copy a state into a new file, so that nothing of what was deleted stays in its free blocks."""
    _rewritten(path, (), (), lambda *_: None, always=True)


def _rewritten(path: Path, keys: Collection[str], external_ids: Collection[str], note: Note, *, always: bool = False) -> int:
    waiting = path.with_name(f".{path.name}.forgetting")
    waiting.unlink(missing_ok=True)
    known = _list(external_ids)
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute(f"ATTACH {literal(path)} AS old; ATTACH {literal(waiting)} AS state")
        connection.execute(TABLES.replace(" state.", " old."))
        connection.execute(TABLES)
        rows = 0
        for (table,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'old'").fetchall():
            mine = _mine(connection, table, keys, external_ids) if table in _ABOUT else "false"
            rows += _one(connection, f"SELECT count(*) FROM old.{table} WHERE {mine}")
            connection.execute(f"INSERT INTO state.{table} BY NAME SELECT * FROM old.{table} WHERE NOT {mine}")
        # Of what was sent, the last word counts; what may have been sent is to be forgotten as well.
        connection.execute(f"""INSERT INTO state.to_forget BY NAME
            SELECT audience, external_id, max(remote_id) AS remote_id, max(customer_key) AS customer_key, min(left_at) AS left_at FROM (
            SELECT audience, external_id, remote_id, customer_key, acknowledged_at AS left_at FROM old.acknowledged AS sent
            WHERE {_mine(connection, "acknowledged", keys, external_ids)}
            QUALIFY row_number() OVER (PARTITION BY audience, external_id ORDER BY rowid DESC) = 1
                AND operation = 'upsert'
            UNION SELECT audience, external_id, NULL, customer_key, left_at FROM old.under_way
            WHERE {_mine(connection, "under_way", keys, external_ids)})
            WHERE (audience, external_id) NOT IN (SELECT (audience, external_id) FROM state.to_forget) GROUP BY ALL""")
        left = _one(connection, f"SELECT count(*) FROM state.to_forget WHERE list_contains({known}, external_id)")
        connection.execute("DETACH state; DETACH old")
    _put(waiting, path, rows, note, bool(rows) or always)
    return left


def _clear_log(state_folder: Path, keys: Collection[str], external_ids: Collection[str], note: Note) -> None:
    tests = (
        f"coalesce(list_contains({_list(values)}, {name}), false)"
        for name, values in (("customer_key", keys), ("external_id", external_ids))
    )
    mine = f"({' OR '.join(tests)})"
    query = f"SELECT filename, count(*) FROM read_parquet(?, union_by_name = true, filename = true) WHERE {mine} GROUP BY ALL ORDER BY ALL"
    files = [str(path) for path in parts(state_folder)]
    with duckdb.cursor() as connection:
        for path, rows in connection.execute(query, [files]).fetchall() if files else ():
            note(Path(path), rows, 0)
            write_part(connection, f"FROM read_parquet({literal(path)}) WHERE NOT {mine}", Path(path))


def _put(waiting: Path, path: Path, rows: int, note: Note, wanted: bool) -> None:
    if not wanted:
        waiting.unlink()
        return
    waiting.chmod(0o600)
    note(path, rows, 0)
    os.replace(waiting, path)


def _mine(connection: duckdb.DuckDBPyConnection, table: str, keys: Collection[str], external_ids: Collection[str]) -> str:
    query = "SELECT column_name FROM duckdb_columns() WHERE database_name = 'old' AND table_name = ?"
    columns = {name for (name,) in connection.execute(query, [table]).fetchall()}
    tests = [f"coalesce(list_contains({_list(external_ids)}, external_id), false)"]
    tests += [f"coalesce(list_contains({_list(keys)}, customer_key), false)"] if "customer_key" in columns else []
    return f"({' OR '.join(tests)})"


def _list(values: Collection[str]) -> str:
    return f"CAST([{', '.join(map(literal, sorted(values)))}] AS VARCHAR[])"


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
