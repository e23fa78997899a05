"""Rows on their way into Parquet: what is written, and that whatever stops the writing reaches whoever hands the rows over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from orchestration.sources import Bench
from orchestration.sources.reading.streaming import copied

BATCHES = 20  # more than may wait: whoever hands them over would wait for ever if nobody told


class Cursor:
    """A connection on which a copy ends in `error`."""

    def __init__(self, real: duckdb.DuckDBPyConnection, error: BaseException) -> None:
        self._real, self._error = real, error

    def execute(self, query: str) -> Any:
        if query.startswith("COPY"):
            raise self._error
        return self._real.execute(query)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class Database:
    """What gives out such connections."""

    def __init__(self, real: duckdb.DuckDBPyConnection, error: BaseException) -> None:
        self._real, self._error = real, error

    def cursor(self) -> Cursor:
        return Cursor(self._real.cursor(), self._error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def batches() -> Iterator[pa.RecordBatch]:
    yield from (pa.RecordBatch.from_pydict({"a": [number]}) for number in range(BATCHES))


def test_every_row_is_written_once_and_in_order(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "rows.parquet"
    assert copied(batches(), lambda opened: f"SELECT a FROM {opened.relation}", target, bench) == BATCHES
    assert bench.connection.sql(f"FROM '{target}'").fetchall() == [(number,) for number in range(BATCHES)]


@pytest.mark.parametrize("error", [duckdb.IOException("no space left"), MemoryError("no room"), pa.ArrowInvalid("not what was said")])
def test_whatever_stops_the_writing_is_raised_where_rows_are_handed_over(error: Exception, bench: Bench, tmp_path: Path) -> None:
    broken = Bench(Database(bench.connection, error), bench.scratch)  # type: ignore[arg-type]
    with pytest.raises(type(error), match=str(error)):
        copied(batches(), lambda opened: f"SELECT a FROM {opened.relation}", tmp_path / "rows.parquet", broken)
