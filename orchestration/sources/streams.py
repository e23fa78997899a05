"""What the sources of vendors share: a table is fed by streams, each of which is one part in landing.

Comes in: for every table, its streams. Goes out: batches. A stream reads everything at first, and what changed from then on; where it
stands is its position, kept with the load. Reading a little again costs nothing: rows that are as they were land nothing. So every stream
goes back some time before the newest change it has seen, and sets no upper bound: a clock that is wrong, ours or theirs, hides no row.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa

from orchestration.contract import Table
from orchestration.sources.base import Batch, Bench, Position, SourceError
from orchestration.sources.reading import again
from orchestration.sources.reading.oddities import Oddities
from orchestration.sources.reading.pages import Pages
from orchestration.sources.reading.progress import Progress
from orchestration.sources.reading.records import Row, as_batches, write_batches, write_scope

if TYPE_CHECKING:
    from orchestration.sources.http import Api

_READ_IN_FULL = frozenset({"full_at", "read_at"})  # of the position of a stream that reads everything now and then


@dataclass(frozen=True)
class Reading:
    """What a stream has to say tonight.

    rows      in the columns of the table; they are asked for while they are written
    position  where the stream stands, asked for once all rows are
    complete  the rows are all that the stream holds, unless some could not be read
    scope     a column, and values of it of which the rows are all there is; filled while rows are read, once each is understood
    batches   the rows as Arrow instead, in columns of any type
    gone      a column, and values of it whose rows are left out; filled while rows are read
    """

    rows: Iterable[Row]
    position: Callable[[], Position]
    complete: bool
    scope: tuple[str, list[str]] | None = None
    batches: Iterable[pa.RecordBatch] | None = None
    gone: tuple[str, Collection[str]] = ("", ())

    def told(self) -> Iterator[Row]:
        """The rows one by one."""
        return iter(self.rows) if self.batches is None else (row for batch in self.batches for row in batch.to_pylist())


@dataclass(frozen=True)
class Extent:
    """What a first reading of one kind takes: its records (None when the vendor does not tell), records a call, the limits of calls."""

    what: str
    records: int | None
    per_call: int
    limits: str


@dataclass(frozen=True)
class Stream:
    """One kind of record that feeds a table.

    extra  columns of its rows beyond the contract's
    how    what the settings say of how a record is read: with another answer all are read again, since no record changes by it
    """

    part: str
    read: Callable[[Position, Bench], Reading]
    extra: tuple[str, ...] = field(default=())
    how: str = ""


class StreamSource(ABC):
    """A source whose tables are fed by streams."""

    type: ClassVar[str]

    def __init__(self, told: Any = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`told`: whatever decides what the source answers; `now`: our clock."""
        self._notes: dict[str, None] = {}
        self._odd = Oddities()
        self._now, self.pages = now, Pages(self.type, told, now)

    @abstractmethod
    def streams(self, table: str) -> list[Stream]:
        """The streams that feed `table`; a later one outranks an earlier one."""

    def notes(self) -> list[str]:
        """What lies at the source and is not read, one line each."""
        return [*self._notes, *self.odd.lines()]

    @property
    def odd(self) -> Oddities:
        """Records of another shape than they should have."""
        api: Api | None = getattr(self, "api", None)  # a database has none
        return self._odd if api is None else api.odd

    def note(self, line: str) -> None:
        """Add a line to what the operator is told."""
        self._notes[line] = None

    def extents(self) -> list[Extent]:
        """How much there is to read at first, as far as the vendor tells."""
        return []

    def sample(self, table: str, most: int, bench: Bench) -> list[Row]:
        """A few rows of `table` as they would land, read with as few calls as there can be."""
        self.pages.most = 1
        api: Api | None = getattr(self, "api", None)
        if api is not None:
            api.looks_ahead = False
        readings = (stream.read({}, bench) for stream in self.streams(table))
        return list(islice((row for reading in readings for row in reading.told()), most))

    def extract(self, table: Table, state: Mapping[str, Position], bench: Bench) -> Iterator[Batch]:
        """One batch for every stream of `table`, and for every part of `state` that is no longer asked for."""
        first_row, streams = 1, self.streams(table.name)
        for number, stream in enumerate(streams):
            try:
                batch, read = self._batch(table, stream, state.get(stream.part, {}), bench, first_row, f"{table.name}-{number:05d}")
            except SourceError as error:
                batch, read = Batch(stream.part, "unreadable", error=str(error)), 0
            first_row += read
            yield batch
        yield from (Batch(part, "gone") for part in sorted(state.keys() - {stream.part for stream in streams}))

    def _batch(self, table: Table, stream: Stream, known: Position, bench: Bench, first_row: int, label: str) -> tuple[Batch, int]:
        """The batch of one stream, and how many row numbers it has used."""
        progress = Progress(f"{table.name} from {stream.part}", bench.tell)
        api: Api | None = getattr(self, "api", None)  # a database has none
        if api is not None:
            api.on_call = progress.called
        return self._written(table, stream, known, bench, first_row, label, progress)

    def _written(
        self, table: Table, stream: Stream, known: Position, bench: Bench, first_row: int, label: str, progress: Progress
    ) -> tuple[Batch, int]:
        now, odd_before = self._now(), self.odd.count
        reading = stream.read(_as_told(known, stream), bench)
        target = bench.scratch / f"{label}.parquet"
        if reading.batches is not None:
            batches = progress.counted(iter(reading.batches), pa.RecordBatch.__len__)
        else:
            batches = as_batches(progress.counted(iter(reading.rows)), (*table.column_names, *stream.extra))
        written = write_batches(table, stream.part, batches, stream.extra, target, bench, first_row, reading.gone)
        told, was_all = reading.position(), reading.complete or again.is_wanted(known, now)
        # What else was odd tonight may belong to it: that is looked for where all is read anyway every so often.
        is_odd = self.odd.count > odd_before or (self.odd.found and not _READ_IN_FULL.isdisjoint(told))
        how = {"how": stream.how} if stream.how else {}
        position = {**told, **how, **again.after(known, now, was_all=was_all, is_odd=is_odd)}
        if not self.odd.found and (line := again.line(position)):
            self.note(line)
        # Of what could not be read nothing is known: so nothing is concluded from what is absent.
        is_complete = reading.complete and not self.odd.found
        scope = write_scope(*reading.scope, bench.scratch / f"{label}-scope.parquet") if reading.scope else None
        if known and not is_complete and not written.rows and scope is None:
            return Batch(stream.part, "unchanged", {**again.without(known), **position}), 0
        batch = Batch(stream.part, "changed", position, written.data, written.rows, is_complete, stream.extra, scope=scope)
        return batch, written.read


def how_of(*said: Any) -> str:
    """A short text for what the settings say, which differs where they do."""
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def _as_told(known: Position, stream: Stream) -> Position:
    """The position as the stream told it; none where it was read in another way than tonight."""
    if known.get("how", stream.how) != stream.how:
        return {}
    return {key: value for key, value in known.items() if key not in ("rows", "erased", "how")}


def is_due(known: Position, every: timedelta, now: datetime) -> bool:
    """Whether all there is is to be read tonight: nothing is known, all was read longer ago than `every`, or some could not be read."""
    full_at = known.get("full_at")
    return full_at is None or now - datetime.fromisoformat(full_at) > every or again.is_wanted(known, now)
