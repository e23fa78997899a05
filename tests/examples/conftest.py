"""One small Acme for all tests of the example, and DuckDB over its exports read as text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from examples.acme.generate import generate
from orchestration.contract import INPUT_TABLES

READERS = {
    ".parquet": "read_parquet('{}')",
    ".csv": "read_csv('{}', all_varchar = true, header = true)",
    ".jsonl": "read_json('{}', format = 'newline_delimited')",
}


def files_of(out: Path, table: str) -> list[Path]:
    return sorted([*out.glob(f"{table}.*"), *out.glob(f"{table}/*")])


@dataclass(frozen=True)
class Acme:
    out: Path
    truth: Path
    connection: duckdb.DuckDBPyConnection

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.sql(query).fetchall()

    def one(self, query: str) -> Any:
        return self.ask(query)[0][0]


def opened(out: Path, truth: Path) -> Acme:
    """Tables: every row as text; `good_<table>`: without the planted bad ones, once per content; `true_<name>`: the truth."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for folder in truth.iterdir():
        connection.execute(f"CREATE TABLE true_{folder.name} AS FROM read_parquet('{folder}/*.parquet')")
    for name, contract in INPUT_TABLES.items():
        parts = [f"SELECT COLUMNS(*)::VARCHAR FROM {READERS[path.suffix].format(path)}" for path in files_of(out, name)]
        connection.execute(f"CREATE TABLE {name} AS " + " UNION ALL BY NAME ".join(parts))
        key = " || '|' || ".join(_as_planted(column) for column in contract.key)
        bad = f"SELECT row_key FROM true_bad_rows WHERE table_name = '{name}'"
        connection.execute(f"CREATE VIEW good_{name} AS SELECT DISTINCT * FROM {name} WHERE {key} NOT IN ({bad})")
    return Acme(out, truth, connection)


def _as_planted(column: str) -> str:
    """A part of a key, `None` where it is missing. Times are text in two spellings: as Parquet has them, as the old system wrote them."""
    if column != "recorded_at":
        return f"coalesce({column}, 'None')"
    return "coalesce(strftime(try_cast(recorded_at AS TIMESTAMPTZ), '%Y-%m-%dT%H:%M:%SZ'), recorded_at, 'None')"


@pytest.fixture(scope="session")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Acme:
    home = tmp_path_factory.mktemp("acme")
    generate(customers=3_000, months=30, end="2026-10-31", seed=11, out=home / "exports", truth=home / "truth")
    return opened(home / "exports", home / "truth")
