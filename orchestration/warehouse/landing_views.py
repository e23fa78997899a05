"""The views `landing.*` that dbt stages, over the files of loads that landing has completed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from orchestration.contract import INPUT_TABLES, Table
from orchestration.sql_text import literal
from orchestration.warehouse.tables import LANDING_COLUMNS


def expose_landing(
    connection: duckdb.DuckDBPyConnection,
    files: Mapping[str, Sequence[tuple[str, str, str]]],
    extra: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Point the views `landing.<table>` at the landed files: table → (source, load id, Parquet path).

    A table without files becomes an empty view with its columns, so that everything after it builds. `extra`: table → columns
    beyond the contract's that are wanted as text; where no file has one, it is NULL.
    """
    for table in INPUT_TABLES.values():
        wanted = [name for name in (extra or {}).get(table.name, ()) if name not in table.column_names]
        query = _landing_query(connection, table, files.get(table.name, ()), wanted)
        connection.execute(f"CREATE OR REPLACE VIEW landing.{table.name} AS {query}")


def _landing_query(connection: duckdb.DuckDBPyConnection, table: Table, files: Sequence[tuple[str, str, str]], extra: Sequence[str]) -> str:
    typed = {column.name: column.duckdb_type for column in table.columns} | LANDING_COLUMNS | dict.fromkeys(extra, "VARCHAR")
    if not files:
        return "SELECT " + ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in typed.items()) + " WHERE false"
    return " UNION ALL ".join(_load_query(connection, typed, source, load, paths) for (source, load), paths in _by_load(files).items())


def _by_load(files: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str], list[str]]:
    loads: dict[tuple[str, str], list[str]] = {}
    for source, load, path in files:
        loads.setdefault((source, load), []).append(path)
    return loads


def _load_query(connection: duckdb.DuckDBPyConnection, typed: Mapping[str, str], source: str, load: str, paths: Sequence[str]) -> str:
    listed = "[" + ", ".join(literal(path) for path in paths) + "]"
    present = {
        row[0].lower() for row in connection.execute(f"DESCRIBE SELECT * FROM read_parquet({listed}, union_by_name = true)").fetchall()
    }
    constants = {"_source": literal(source), "_load_id": literal(load)}
    selected = [f"CAST({constants.get(name) or (name if name in present else 'NULL')} AS {kind}) AS {name}" for name, kind in typed.items()]
    return f"SELECT {', '.join(selected)} FROM read_parquet({listed}, union_by_name = true)"
