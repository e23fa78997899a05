"""What is read of a database, and when.

Comes in: settings. Goes out: a stream for each input table. A table with a cursor is read in full at first, later from some time before the
highest cursor seen, and in full again every so often, because only that shows what was deleted; a table without one is read in full every
night.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.contract import INPUT_TABLES
from orchestration.sources.base import Bench, Position, SourceError
from orchestration.sources.sql import mapping, readings
from orchestration.sources.sql.databases import Database
from orchestration.sources.sql.in_time import InTime, Reader
from orchestration.sources.sql.postgres import Postgres
from orchestration.sources.sql.query import Asked, earlier, is_time
from orchestration.sources.streams import Reading, Stream, StreamSource, is_due

_LOOK = 1.0  # seconds of reading that tell the pace


class Sql(StreamSource):
    """The tables of one database that are asked for."""

    type: ClassVar[str] = "sql"

    def __init__(self, reader: Reader, tables: Mapping[str, Any], *, now: Callable[[], datetime]) -> None:
        super().__init__(None, now)
        self._reader, self._tables = reader, tables
        self._found: dict[str, list[str]] = {}

    @classmethod
    def from_settings(cls, settings: Any) -> Sql:
        """The database that one `{type: sql, url: …, tables: {…}}` describes."""
        seconds = settings.timeout_minutes * 60
        reader = (Postgres if settings.url.startswith("postgres") else Database)(settings.url, seconds)
        return cls(InTime(reader, seconds), settings.tables, now=lambda: datetime.now(UTC))

    def check(self) -> None:
        """Raise SourceError when the database cannot be reached."""
        self._reader.check()

    def streams(self, table: str) -> list[Stream]:
        """The one that feeds `table`."""
        if table not in self._tables:
            return []
        return [Stream(table, partial(self._read, table), mapping.own(INPUT_TABLES[table], self._tables[table]))]

    def extent(self, table: str) -> tuple[int, float]:
        """How many rows `table` has, and in how many seconds a first night reads them at the pace of the first ones."""
        settings, began, read = self._tables[table], perf_counter(), 0
        for batch in self._reader.batches(Asked(settings.table, self._mapped(table, settings), settings.cursor)):
            read += batch.num_rows
            if perf_counter() - began > _LOOK:
                break
        took, rows = perf_counter() - began, self._reader.count(settings.table)
        return rows, took * max(1.0, rows / max(1, read))

    def _read(self, name: str, known: Position, _: Bench) -> Reading:
        settings, table = self._tables[name], INPUT_TABLES[name]
        columns = self._mapped(name, settings)
        mapping.require_what_was_there(table, settings, known, self._found[name])
        how = mapping.asked(settings, columns)
        lag, began = timedelta(minutes=settings.lag_minutes), self._now()
        before = known if mapping.is_as_before(known, how) else {}
        since = None if settings.mode == "full" or settings.cursor is None else _since(before, lag)
        is_full = since is None or is_due(known, timedelta(days=settings.full_every_days), began)
        asked = Asked(settings.table, columns, settings.cursor, None if is_full else since)
        full_at = began.isoformat(timespec="seconds") if is_full else known["full_at"]
        stands = {"cursor": None if is_full else known["cursor"], "full_at": full_at, **how}
        position = partial(_position, stands, before, began, lag)
        return Reading((), position, is_full, batches=self._watched(asked, stands))

    def _mapped(self, name: str, settings: Any) -> dict[str, str]:
        """Column of the contract → column of the database."""
        if name not in self._found:
            self._found[name] = self._reader.columns(settings.table)
        return mapping.mapped(INPUT_TABLES[name], settings, self._found[name])

    def _watched(self, asked: Asked, stands: dict[str, Any]) -> Iterator[pa.RecordBatch]:
        """The rows without their cursor, the highest of which is kept."""
        highest: Any = None
        for batch in self._reader.batches(asked):
            if asked.cursor is None:
                yield batch
                continue
            found = self._highest(asked, batch.column("_cursor"))
            highest = found if highest is None or (found is not None and found > highest) else highest
            if highest is not None:
                stands["cursor"] = str(highest)
            yield batch.drop_columns(["_cursor"])

    def _highest(self, asked: Asked, cursors: pa.Array) -> Any:
        """The highest cursor that is not ahead of our clock: one row of the year 2100 must not hide all that come before it."""
        kind, now = cursors.type, self._now()
        try:
            if pa.types.is_timestamp(kind):
                return _between(
                    cursors, datetime.min.replace(tzinfo=UTC if kind.tz else None), now if kind.tz else now.replace(tzinfo=None)
                )
            if pa.types.is_date(kind):
                return _between(cursors, date.min, now.date())
            found = pc.max(cursors).as_py()
        except pa.ArrowNotImplementedError:
            raise SourceError(
                f"{asked.table} cannot be read by what changed: {asked.cursor} has no order; name another `cursor`, or none"
            ) from None
        return _between(cursors, "", now.isoformat(sep="T" if "T" in found else " ")) if isinstance(found, str) else found


def _since(known: Position, lag: timedelta) -> str | None:
    """From where to read; None where all is to be read."""
    cursor = known.get("cursor")
    if cursor is None:
        return None
    return earlier(str(cursor), lag) if is_time(str(cursor)) else readings.before_the_last(known, lag)


def _position(stands: Mapping[str, Any], before: Position, began: datetime, lag: timedelta) -> dict[str, Any]:
    return {**stands, **readings.kept(before, began, stands["cursor"], lag)}


def _between(cursors: pa.Array, first: Any, last: Any) -> Any:
    """The highest of those from `first` to `last`; a database knows years before the first of Python's and behind its last."""
    lowest, highest = pa.scalar(first, cursors.type), pa.scalar(last, cursors.type)
    return pc.max(cursors.filter(pc.and_(pc.greater_equal(cursors, lowest), pc.less_equal(cursors, highest)))).as_py()
