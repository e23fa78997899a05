"""Arrow as it comes, through SQL into Parquet: rows are typed and written while the next ones are read, and are never on disk untyped.

Comes in: record batches, SQL for them. Goes out: a Parquet file and how many rows it has. Batches are asked for by the thread that calls,
because a database's connection may belong to it; DuckDB takes them in a thread of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Full, Queue
from threading import Thread

import pyarrow as pa

from orchestration.sources.base import Bench
from orchestration.sources.reading.parquet import columns_of
from orchestration.sources.reading.raw import Opened
from orchestration.sources.reading.typed import copy_of
from orchestration.sql_text import literal

_STREAM, _NUMBER = "rapport_stream", "_number_in_stream"
_DEPTH = 4  # batches that wait
_LOOK = 0.2  # seconds between two looks whether DuckDB still takes them

Waiting = Queue[pa.RecordBatch | None]


class _StopError(Exception):
    """The rows end too early: why, the other thread knows."""


def copied(batches: Iterator[pa.RecordBatch], query: Callable[[Opened], str], target: Path, bench: Bench) -> int:
    """Write what `query` makes of the batches to `target`; how many rows came in. Nothing is written where none did."""
    batch = next(batches, None)
    if batch is None:
        return 0
    following = next(batches, None)
    if following is None:
        batch = _of_what_is_told(batch)
    writer = _Writer(batch.schema, query, target, bench)
    count = 0
    try:
        while batch is not None:
            writer.take(batch, count)
            count += batch.num_rows
            batch, following = following, next(batches, None) if following else None
    except BaseException:
        writer.stop()
        raise
    writer.finish()
    return count


def _of_what_is_told(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The columns that say anything: of the few rows of a night DuckDB takes longer to plan how to type a column than to type it."""
    told = [name for name, column in zip(batch.schema.names, batch.columns, strict=True) if column.null_count < batch.num_rows]
    return batch.select(told or batch.schema.names)


class _Writer:
    """DuckDB at work in a thread, on a connection of its own in the same database."""

    def __init__(self, schema: pa.Schema, query: Callable[[Opened], str], target: Path, bench: Bench) -> None:
        self._waiting: Waiting = Queue(_DEPTH)
        self._error: BaseException | None = None
        self._is_whole = False
        self._connection = bench.connection.cursor()
        for (zone,) in bench.connection.execute("SELECT current_setting('TimeZone')").fetchall():
            self._connection.execute(f"SET TimeZone = {literal(zone)}")
        self._schema = schema.append(pa.field(_NUMBER, pa.int64()))
        self._connection.register(_STREAM, self._schema.empty_table())
        opened = Opened(_STREAM, columns_of(f"SELECT * EXCLUDE ({_NUMBER}) FROM {_STREAM}", self._connection), _NUMBER)
        self._connection.register(_STREAM, pa.RecordBatchReader.from_batches(self._schema, self._taken()))
        self._copy = copy_of(query(opened), target)
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def take(self, batch: pa.RecordBatch, count: int) -> None:
        """Hand over a batch that `count` rows came before. Raises what stands in the way of writing."""
        numbers = pa.arange(count + 1, count + batch.num_rows + 1)
        self._put(pa.RecordBatch.from_arrays([*batch.columns, numbers], schema=self._schema))

    def finish(self) -> None:
        """Wait until all is written. Raises what stood in the way."""
        self._is_whole = True
        self._put(None)
        self._thread.join()
        self._connection.close()
        self._raise()

    def stop(self) -> None:
        """Give up: the rows do not come."""
        while self._thread.is_alive():
            try:
                self._waiting.put(None, timeout=_LOOK)
                self._thread.join()
            except Full:
                continue
        self._connection.close()

    def _put(self, batch: pa.RecordBatch | None) -> None:
        while True:
            self._raise()
            try:
                self._waiting.put(batch, timeout=_LOOK)
                return
            except Full:
                continue

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _taken(self) -> Iterator[pa.RecordBatch]:
        while (batch := self._waiting.get()) is not None:
            yield batch
        if not self._is_whole:
            raise _StopError

    def _work(self) -> None:
        try:
            self._connection.execute(self._copy)
        except BaseException as error:  # raised where rows are handed over, who would else wait for ever
            self._error = error
