"""Nights of one vendor's source into a landing of its own, and what staging would see of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import landing
from orchestration.contract import INPUT_TABLES
from orchestration.landing import TableLoad, Tombstones, completed_files
from orchestration.sources.http import client

_OURS = ("_row_number", "_is_deleted", "_bad_values", "_file", "_row_hash", "load_id")


class Nights:
    """`night` lands; `rows` are the newest versions of what was not taken back, by key."""

    def __init__(self, folder: Path, settings: Any) -> None:
        self.folder, self.settings = folder, settings
        self.tombstones: Tombstones | None = None

    def night(self, *tables: str) -> dict[str, TableLoad]:
        wanted = [INPUT_TABLES[name] for name in tables or INPUT_TABLES]
        loads = landing.extract(self.settings, wanted, self.folder / "landing", self.folder / "dlt", tombstones=self.tombstones)
        return {load.table: load for load in loads}

    def rows(self, table: str) -> dict[str, dict[str, Any]]:
        """Key → the columns that say something."""
        paths = [path for _, _, path in completed_files(self.folder / "landing")[table]]
        if not paths:
            return {}
        contract = INPUT_TABLES[table]
        changed = f"{contract.updated_at} NULLS FIRST, " if contract.updated_at else ""
        query = f"""FROM read_parquet({paths}, union_by_name = true, hive_partitioning = true, hive_types_autocast = false)
            ORDER BY {changed} load_id, NOT _is_deleted, _row_number"""
        found = duckdb.execute(query).to_arrow_table().to_pylist()
        buried = {(row[contract.key[0]], row["_file"]): row["load_id"] for row in found if row["_is_deleted"]}
        living = [row for row in found if not row["_is_deleted"] and row["load_id"] >= buried.get((row[contract.key[0]], row["_file"]), "")]
        told = {"|".join(str(row[name]) for name in contract.key): row for row in living}
        return {key: {name: value for name, value in row.items() if value is not None and name not in _OURS} for key, row in told.items()}

    def versions(self, table: str, key: str) -> list[dict[str, Any]]:
        """All that landed of one key, tombstones included, oldest first."""
        paths = [path for _, _, path in completed_files(self.folder / "landing")[table]]
        query = f"""SELECT * EXCLUDE (_row_number, load_id) FROM read_parquet({paths}, union_by_name = true, hive_partitioning = true)
            WHERE {INPUT_TABLES[table].key[0]} = ? ORDER BY load_id, _row_number"""
        return duckdb.execute(query, [key]).to_arrow_table().to_pylist()


def landed(loads: dict[str, TableLoad]) -> dict[str, int]:
    """Table → rows and tombstones landed; tables with nothing left out."""
    return {name: load.rows + load.tombstones for name, load in loads.items() if load.load_id}


@contextmanager
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Every call at once; the waits that would have been."""
    waits: list[float] = []
    clock = [0.0]

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    original = client.Api.__init__

    def init(self: client.Api, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **{**options, "sleep": sleep, "clock": lambda: clock[0]})

    monkeypatch.setattr(client.Api, "__init__", init)
    yield waits


def killed_after(calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is interrupted when it has made so many calls."""
    original, made = client.Api._tried, [0]

    def tried(self: Any, *arguments: Any) -> Any:
        made[0] += 1
        try:
            return original(self, *arguments)
        finally:
            if made[0] == calls:
                raise KeyboardInterrupt

    monkeypatch.setattr(client.Api, "_tried", tried)
