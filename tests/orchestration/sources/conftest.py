"""A bench to read files on, and a reader of what came out."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.contract import INPUT_TABLES
from orchestration.sources import Batch, Bench
from orchestration.sources.files import Files
from orchestration.sources.reading.formats import Spelling
from orchestration.sources.reading.numbers import PLAIN, Numbers
from tests.landing_by_copy import loads_are_copied as loads_are_copied

Read = Callable[..., tuple[Batch, list[dict[str, Any]]]]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET threads = 2")
        yield Bench(connection, scratch)


@pytest.fixture
def read(tmp_path: Path, bench: Bench) -> Read:
    """Write `content` as a file of `table`, extract it, return the batch and its rows."""

    def _read(
        content: bytes | str, name: str = "crm_customers.csv", *, encoding: str = "utf-8", zone: str = "UTC", numbers: Numbers = PLAIN
    ) -> tuple[Batch, list[dict[str, Any]]]:
        exports = tmp_path / "exports"
        exports.mkdir(exist_ok=True)
        (exports / name).write_bytes(content.encode() if isinstance(content, str) else content)
        bench.connection.execute(f"SET TimeZone = '{zone}'")
        (batch,) = Files(exports, Spelling(encoding, numbers)).extract(INPUT_TABLES[name.split(".")[0]], {}, bench)
        found = bench.connection.execute(f"FROM '{batch.data}' ORDER BY _row_number").to_arrow_table().to_pylist() if batch.data else []
        return batch, found

    return _read
