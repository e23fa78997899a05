"""A database that is frozen, or a client that waits for ever, ends its table and no more.

Comes in: a reader, how long it may take. Goes out: the same reader, which raises SourceError where nothing came for longer than that. Each
kind of database has a limit of its own for a statement; this one is for when nobody is left to keep it: a server that was stopped still
holds its connections, and its machine still answers for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import pyarrow as pa

from orchestration.sources.base import SourceError
from orchestration.sources.reading.ahead import ahead
from orchestration.sources.reading.deadline import TooLateError, within
from orchestration.sources.sql.query import Asked

Answer = TypeVar("Answer")
AT_ONCE = 60.0  # seconds for whether anybody is there
LONGER = 60.0  # seconds after which a server that has not stopped a statement itself is taken for gone


class Reader(Protocol):
    """What reads one kind of database."""

    def check(self) -> None:
        """Raise SourceError when the database cannot be reached."""

    def columns(self, table: str) -> list[str]:
        """The columns of a table."""

    def count(self, table: str) -> int:
        """How many rows a table has."""

    def batches(self, asked: Asked) -> Iterator[pa.RecordBatch]:
        """The rows."""


class InTime:
    """`reader`, each answer of which, and each batch of rows, comes in so many seconds or a little more."""

    def __init__(self, reader: Reader, seconds: float) -> None:
        self._reader, self._seconds = reader, seconds + LONGER

    def check(self) -> None:
        """Raise SourceError when the database cannot be reached."""
        self._within(AT_ONCE, "the database", self._reader.check)

    def columns(self, table: str) -> list[str]:
        """The columns of a table."""
        return self._within(self._seconds, table, lambda: self._reader.columns(table))

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return self._within(self._seconds, table, lambda: self._reader.count(table))

    def batches(self, asked: Asked) -> Iterator[pa.RecordBatch]:
        """The rows; the connection is opened, used and closed by the thread that asks."""
        try:
            yield from ahead(self._reader.batches(asked), seconds=self._seconds)
        except TooLateError as error:
            raise _silent(asked.table, error) from None

    def _within(self, seconds: float, what: str, ask: Callable[[], Answer]) -> Answer:
        try:
            return within(seconds, ask)
        except TooLateError as error:
            raise _silent(what, error) from None


def _silent(what: str, waited: TooLateError) -> SourceError:
    return SourceError(
        f"{what} cannot be read: nothing has come for {waited}, as if the server were frozen; look at it, or let it take longer with"
        " `timeout_minutes` of the source; what had landed stays, the next run reads it"
    )
