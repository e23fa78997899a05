"""The rows of a text file with their numbers, so that every thread of DuckDB can type and write some of them.

Comes in: a file that was opened. Goes out: the same rows, numbered. Of text DuckDB knows a row's number only by counting, which puts all
that comes behind it on one thread. So the texts are read into a table first, on all threads and in their order, and the table knows the
numbers: with two idle cores that halves the time, for a tenth more of the processor (docs/decisions/0050).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from orchestration.sources.base import Bench
from orchestration.sources.reading.raw import COUNTED, Opened

# Above so many bytes of text the rows are counted as they stream: the table is in memory, and what does not fit is written and read again.
LARGEST_HELD = 512 << 20
_TABLE = "rapport_rows"


@contextmanager
def numbered(file: Opened, size: int, bench: Bench) -> Iterator[Opened]:
    """`file`, of which `size` bytes are text, with row numbers that any thread can tell. Raises duckdb.Error where it cannot be read."""
    if file.row_number != COUNTED or size > LARGEST_HELD:
        yield file
        return
    bench.connection.execute(f"CREATE OR REPLACE TEMP TABLE {_TABLE} AS FROM {file.relation}")
    try:
        yield replace(file, relation=_TABLE, row_number="rowid + 1")
    finally:
        bench.connection.execute(f"DROP TABLE {_TABLE}")
