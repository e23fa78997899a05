"""Rows of text keep the order of their file, whichever thread reads them, and are typed without work that hardly any of them needs."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.contract import INPUT_TABLES
from orchestration.sources import Bench
from orchestration.sources.reading import numbered as module
from orchestration.sources.reading.numbered import numbered
from orchestration.sources.reading.raw import COUNTED, Opened, Raw
from orchestration.sources.reading.typed import typed

ROWS = 300_000
CUSTOMERS = INPUT_TABLES["crm_customers"]


def test_rows_that_several_threads_read_are_numbered_as_the_file_has_them(tmp_path: Path, bench: Bench) -> None:
    path = tmp_path / "numbers.csv"
    duckdb.execute(f"COPY (SELECT i AS c0 FROM range(1, {ROWS + 1}) AS t(i)) TO '{path}'")
    buffers = "header = true, columns = {'c0': 'VARCHAR'}, buffer_size = 65536"  # thirty of them, so that there is something to divide
    file = Opened(f"read_csv('{path}', auto_detect = false, {buffers})", {"c0": Raw("c0")})
    with numbered(file, path.stat().st_size, bench) as rows:
        query = f"SELECT count(*), count(*) FILTER (c0::BIGINT = {rows.row_number}) FROM {rows.relation}"
        assert rows.row_number != COUNTED
        assert bench.connection.execute(query).fetchone() == (ROWS, ROWS)
    assert bench.connection.execute("SELECT count(*) FROM duckdb_tables()").fetchone() == (0,)


def test_what_is_too_large_to_be_held_is_counted_and_lands_alike(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    content = 'customer_id,created_at,full_name\n1,2025-01-01,"Ann\nMarie"\n,,\n2,soon,Bo\n'
    _, held = read(content)
    monkeypatch.setattr(module, "LARGEST_HELD", 0)
    _, counted = read(content)
    assert counted == held
    assert [(row["_row_number"], row["customer_id"]) for row in held] == [(1, "1"), (2, "2")]


def test_a_file_that_breaks_off_leaves_no_table(read: Any, bench: Bench) -> None:
    batch, _ = read('customer_id,created_at,full_name\n1,2025-01-01,"never closed\n')
    assert batch.status == "unreadable"
    assert bench.connection.execute("SELECT count(*) FROM duckdb_tables()").fetchone() == (0,)


@pytest.mark.parametrize("name", ["customer_id", "email", "region", "country"])
def test_no_guard_is_left_to_an_order_that_changes_while_it_runs(name: str, bench: Bench) -> None:
    """DuckDB may reorder AND by what it measures, and makes a join of a long IN, which every row has to pass."""
    query = f"EXPLAIN SELECT {typed(CUSTOMERS.column(name), Raw('c0'))} AS x FROM (SELECT range::VARCHAR AS c0 FROM range(9))"
    (plan,) = bench.connection.execute(query).fetchall()
    assert "JOIN" not in plan[1]
    assert " AND NOT regexp" not in typed(CUSTOMERS.column(name), Raw("c0"))
    assert " AND regexp" not in typed(CUSTOMERS.column(name), Raw("c0"))
