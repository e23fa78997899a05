"""A company whose exports change from night to night, and what of them has landed."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import duckdb

from orchestration.configuration.sources import FilesSource
from orchestration.contract import INPUT_TABLES
from orchestration.landing import TableLoad, completed_files, extract

HEADER = "customer_id,created_at,full_name\n"


class Company:
    """A folder of exports and a home folder; `night` lands what changed."""

    def __init__(self, folder: Path) -> None:
        self.exports, self.home = folder / "exports", folder / "home"
        self.landing = self.home / "landing"
        self.exports.mkdir(parents=True, exist_ok=True)

    def write(self, rows: dict[str, str] | str, name: str = "crm_customers.csv") -> Path:
        """A file of customers (id → name), or of the text as it is."""
        path = self.exports / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rows if isinstance(rows, str) else HEADER + "".join(f"{key},2025-01-01,{value}\n" for key, value in rows.items()))
        return path

    def night(self, *tables: str, may_vanish: Collection[str] = (), most_vanished: float = 0.5) -> TableLoad:
        """Extract; the report on crm_customers, or on the first table named."""
        wanted = [INPUT_TABLES[table] for table in tables or ("crm_customers",)]
        source = FilesSource(type="files", path=str(self.exports))
        dlt = self.home / "state" / "dlt"
        return extract(source, wanted, self.landing, dlt, may_vanish=may_vanish, most_vanished=most_vanished)[0]

    def rows(self, columns: str = "customer_id, full_name, _is_deleted", table: str = "crm_customers") -> list[tuple[Any, ...]]:
        """All landed rows of a table in the order of loads and row numbers."""
        paths = [path for _, _, path in completed_files(self.landing)[table]]
        read = f"read_parquet({paths}, union_by_name = true, hive_partitioning = true, hive_types_autocast = false)"
        return duckdb.execute(f"SELECT {columns} FROM {read} ORDER BY load_id, _row_number").fetchall() if paths else []

    def alive(self) -> dict[str, str]:
        """Key → name as staging would see it: the newest version, unless that is a tombstone."""
        newest = {key: (name, deleted) for key, name, deleted in self.rows()}
        return {key: name for key, (name, deleted) in newest.items() if not deleted}
