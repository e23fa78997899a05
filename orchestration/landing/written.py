"""The Parquet of changed tables, in the one layout of all landed files.

Comes in: the temporary tables of changes.py, or files as they were read. Goes out: files in the scratch folder, ready to be landed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from orchestration.contract import Table
from orchestration.sources.base import Bench
from orchestration.sources.reading.typed import LANDED_COLUMNS
from orchestration.sql_text import identifier, literal

ADJUSTMENTS = "row_adjustments"


def changed_rows(table: Table, bench: Bench) -> Path:
    """Tombstones, then rows in the order of their parts: of two rows with one key, staging takes the later one."""
    target = bench.scratch / f"{table.name}-changes.parquet"
    kinds = """SELECT * EXCLUDE (_is_removal, _has_key), -1 AS _place, '' AS _loaded FROM tombstones
        UNION ALL BY NAME SELECT land.*, _place, '' AS _loaded FROM land JOIN places USING (_file)
        UNION ALL BY NAME SELECT again.*, _place FROM again JOIN places USING (_file)"""
    numbered = "row_number() OVER (ORDER BY _place, _loaded, _row_number) AS _row_number"
    query = f"SELECT * EXCLUDE (_place, _loaded) REPLACE ({numbered}) FROM ({kinds})"
    bench.connection.execute(f"COPY ({_ordered(query, table, bench)} ORDER BY _row_number) TO {literal(str(target))} (FORMAT parquet)")
    return target


def adjustments(table: Table, bench: Bench) -> Path | None:
    """What is to be booked of the rows that were neither landed nor removed; None when nothing is."""
    if bench.connection.execute("SELECT 1 FROM residual LIMIT 1").fetchone() is None:
        return None
    target = bench.scratch / f"{ADJUSTMENTS}-{table.name}.parquet"
    query = f"SELECT {literal(table.name)} AS table_name, _file, _row_hash, copies FROM residual"
    bench.connection.execute(f"COPY ({query}) TO {literal(str(target))} (FORMAT parquet)")
    return target


def one_file(paths: Iterable[Path], bench: Bench, table: Table) -> Path:
    """Parts with different unknown columns as one file: all files of a table in a load have the same columns."""
    target = bench.scratch / f"{table.name}-united.parquet"
    query = f"FROM {parquet(map(str, paths))}"
    bench.connection.execute(f"COPY ({_ordered(query, table, bench)}) TO {literal(str(target))} (FORMAT parquet)")
    return target


def _ordered(query: str, table: Table, bench: Bench) -> str:
    """`query` with its columns as in every landed file: the contract's, unknown ones, our own."""
    found = [row[0] for row in bench.connection.execute(f"DESCRIBE {query}").fetchall()]
    unknown = sorted(set(found) - set(table.column_names) - set(LANDED_COLUMNS))
    columns = ", ".join(identifier(column) for column in (*table.column_names, *unknown, *LANDED_COLUMNS))
    return f"SELECT {columns} FROM ({query})"


def parquet(paths: Iterable[str], options: str = "") -> str:
    """SQL that reads `paths` as one relation."""
    return f"read_parquet({listed(paths)}, {options}union_by_name = true, hive_partitioning = false)"


def listed(texts: Iterable[str]) -> str:
    """`texts` as a list in SQL."""
    return f"[{', '.join(map(literal, texts))}]"
