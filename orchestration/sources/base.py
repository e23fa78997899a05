"""What every source is: the protocol, the batch it yields, and the rules by which a cursor moves.

Comes in: nothing. Goes out: `Source`, `Batch`, `Bench`, `SourceError`, `Window` and `next_window`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

import duckdb

from orchestration.contract import Table
from orchestration.sources.reading.progress import Tell, in_silence

Position = Mapping[str, Any]


class SourceError(Exception):
    """A source cannot be read; the message is one line: what, where, what to do. It never holds a row's values."""


@dataclass(frozen=True)
class Bench:
    """Where a source works: DuckDB whose session zone is the configured one, a scratch folder, whom to tell how far it is.

    begun  a folder that outlives a run which is killed; none where nothing will land
    """

    connection: duckdb.DuckDBPyConnection
    scratch: Path
    tell: Tell = in_silence
    begun: Path | None = None


@dataclass(frozen=True)
class Batch:
    """What a source has to say about one part of a table: one file of an export, one stream of an API.

    part      names the part within the source for good, such as the file's relative path
    status    changed: `data` holds its rows · unchanged: nothing to read · gone: the part is no longer there ·
              unreadable: `error` says why, and what was landed from it stays
    complete  the rows are all that the part holds now, so a row landed before that is not among them has vanished; else they are all
              that it holds of their keys, and of what `scope` names
    scope     Parquet with one column of the table: where a batch is not complete, a row landed before that has one of its values there, or
              one with something behind it (`<value>:…`), and is not in `data`, has vanished
    data      Parquet: the contract's columns, unknown ones as VARCHAR, and LANDED_COLUMNS
    position  what the source wants to be told about this part on the next run
    """

    part: str
    status: Literal["changed", "unchanged", "gone", "unreadable"]
    position: Position = field(default_factory=dict)
    data: Path | None = None
    rows: int = 0
    complete: bool = True
    unknown_columns: tuple[str, ...] = ()
    absent_columns: tuple[str, ...] = ()
    error: str | None = None
    scope: Path | None = None


class Source(Protocol):
    """One system that rows come from."""

    type: ClassVar[str]

    @classmethod
    def from_settings(cls, settings: Any) -> Source:
        """The source that `settings` (one entry of `sources:`, paths absolute, secrets resolved) describes."""
        ...

    def check(self) -> None:
        """Raise SourceError when nothing can be read at all: a wrong path, a refused credential."""
        ...

    def notes(self) -> list[str]:
        """What lies at the source and is not read, one line each; silence would look like success."""
        ...

    def extract(self, table: Table, state: Mapping[str, Position], bench: Bench) -> Iterator[Batch]:
        """One batch for every part of `table`, those of `state` (part → position) that are gone included.

        Where parts hold the same key, a later one outranks an earlier one; `_row_number` rises with them.
        """
        ...


@dataclass(frozen=True)
class Window:
    """The half-open stretch of time [start, end): a row stamped exactly `end` belongs to the next window."""

    start: datetime
    end: datetime

    def split(self, span: timedelta) -> Iterator[Window]:
        """Consecutive windows of at most `span` that together are this one, without gap or overlap."""
        start = self.start
        while start < self.end:
            end = min(start + span, self.end)
            yield Window(start, end)
            start = end


def next_window(cursor: datetime | None, *, since: datetime, now: datetime, settle: timedelta) -> Window | None:
    """What to read next: from the cursor (the end of the last window, inclusive) until `settle` before now.

    Vendors publish rows some time after the instant they are stamped with; what is younger than `settle` is left to the
    next run instead of being skipped for ever. None when there is nothing settled to read yet.
    """
    start, end = cursor or since, now - settle
    return Window(start, end) if start < end else None
