"""Copying schema `marts` of a warehouse into the files of one release.

Comes in: the path of the warehouse, which is only read. Goes out: `rapport.duckdb` and one Parquet file per table, in a fixed row order,
and per table its rows, columns and a checksum that does not depend on the order, nor on which run it was.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb

from orchestration.releases.comments import SCHEMA, Comments, said_of, write
from orchestration.releases.layout import DATABASE
from orchestration.sql_text import identifier, literal

_COPY = "rapport_release"  # attached under this name only while it is written; readers see the file's own name
_SPILL = ".spill"
# The column that names the run, which the manifest does: the same night built again from the same landing has the same checksums.
RUN = "run_id"
# Up to this many rows a table is ordered by all its columns; above it, by those that make up the keys of the marts.
_ORDERED_BY_ALL = 2_000_000
_KEY_COLUMNS = (
    "customer_key", "month", "as_of_date", "cohort_month", "months_since", "basis", "metric", "view", "dimension", "dimension_value",
    "order_id", "response_id", "ticket_id", "source", "source_customer_id", "action", "external_id", "attempted_at",
)  # fmt: skip


# Rows in an order are written by one thread, so that a second table can be sorted meanwhile. They share the threads: two at each of two
# tables took 27.6 s of the processors, one at each 23.0 (54 tables of 100,000 customers, DuckDB 1.5, 2026-11-29).
_AT_ONCE = 2
# Table and its columns → SQL for the rows to copy of `{source}`; a whole copy without it.
Select = Callable[[str, Mapping[str, str]], str]


def copy_marts(
    warehouse: str | Path, folder: Path, *, memory_gib: float, threads: int, select: Select | None = None, comments: Comments | None = None
) -> dict[str, dict[str, Any]]:
    """Write every table of schema marts into `folder`; returns table → rows, checksum and columns.

    `comments` say what they mean; without them the comments that the tables have are copied.
    """
    spill = folder / _SPILL
    settings = f"SET memory_limit = '{memory_gib}GiB'; SET threads = {max(1, threads // _AT_ONCE)}; SET temp_directory = {literal(spill)}"
    try:
        with duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"}) as connection:
            connection.execute(settings)
            described = _copy_all(connection, Path(warehouse), folder, select or _whole)
            write(connection, _COPY, said_of(connection, Path(warehouse).stem) if comments is None else comments)
            connection.execute(f"CHECKPOINT {_COPY}")
            connection.execute(f"DETACH {_COPY}")
    finally:
        shutil.rmtree(spill, ignore_errors=True)
    return described


def _whole(*_: object) -> str:
    return "SELECT * FROM {source}"


def _copy_all(connection: duckdb.DuckDBPyConnection, warehouse: Path, folder: Path, select: Select) -> dict[str, dict[str, Any]]:
    # The alias is the file's own name, because views inside it spell that name out.
    connection.execute(f"ATTACH {literal(warehouse)} AS {identifier(warehouse.stem)} (READ_ONLY)")
    connection.execute(f"ATTACH {literal(folder / DATABASE)} AS {_COPY}")
    connection.execute(f"CREATE SCHEMA {_COPY}.{SCHEMA}")

    def copied(table: str) -> dict[str, Any]:
        with connection.cursor() as own:
            own.execute("SET TimeZone = 'UTC'")
            own.execute(f"USE {identifier(warehouse.stem)}")
            return _copy_one(own, warehouse.stem, table, folder, select)

    tables = _tables(connection, warehouse.stem)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip(tables, pool.map(copied, tables), strict=True))


def _copy_one(connection: duckdb.DuckDBPyConnection, catalog: str, table: str, folder: Path, select: Select) -> dict[str, Any]:
    source, copy = f"{identifier(catalog)}.{SCHEMA}.{identifier(table)}", f"{_COPY}.{SCHEMA}.{identifier(table)}"
    columns = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE {source}").fetchall()}
    rows = f"FROM ({select(table, columns).format(source=source)})"
    connection.execute(f"CREATE TABLE {copy} AS {rows} ORDER BY {_order(connection, source, columns)}")
    connection.execute(f"COPY {copy} TO {literal(folder / f'{table}.parquet')} (FORMAT parquet, COMPRESSION zstd)")
    said = f"(SELECT * EXCLUDE ({RUN}) FROM {copy})" if RUN in columns else copy
    count, checksum = _one(connection, f"SELECT count(*), coalesce(sum(hash(row_of)::HUGEINT), 0)::VARCHAR FROM {said} AS row_of")
    return {"rows": count, "checksum": f"duckdb-hash-sum:{checksum}", "columns": columns}


def _tables(connection: duckdb.DuckDBPyConnection, catalog: str) -> list[str]:
    query = "SELECT table_name FROM information_schema.tables WHERE table_catalog = ? AND table_schema = ? ORDER BY 1"
    return [row[0] for row in connection.execute(query, [catalog, SCHEMA]).fetchall()]


def _order(connection: duckdb.DuckDBPyConnection, source: str, columns: dict[str, str]) -> str:
    keys = [identifier(column) for column in _KEY_COLUMNS if column in columns]
    (rows,) = _one(connection, f"SELECT count(*) FROM {source}")
    return "ALL" if rows <= _ORDERED_BY_ALL or not keys else ", ".join(keys)


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None  # an aggregate always gives one row
    return row
