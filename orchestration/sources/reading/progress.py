"""How far a long load is: counts and a rate, a line now and then, never a value of a row.

Comes in: rows and calls as they happen. Goes out: lines such as `stripe: invoices: 240,000 rows, 2,400 calls, 1,950 rows a second`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic
from typing import TypeVar

Row = TypeVar("Row")
Tell = Callable[[str], None]
EVERY = 10.0  # seconds between two lines


def in_silence(_: str) -> None:
    """Tell nobody."""


class Progress:
    """Of one stream. Rows are counted as they pass; a line is due at a call, or at a batch where there are none."""

    def __init__(self, what: str, tell: Tell, clock: Callable[[], float] = monotonic) -> None:
        self._what, self._tell, self._clock = what, tell, clock
        self._began = self._told = clock()
        self._rows = self._calls = 0

    def called(self) -> None:
        """A call was made."""
        self._calls += 1
        self._due()

    def counted(self, rows: Iterator[Row], size: Callable[[Row], int] | None = None) -> Iterator[Row]:
        """The rows, or batches of `size` rows, as they are."""
        for row in rows:
            self._rows += 1 if size is None else size(row)
            if size is not None:
                self._due()
            yield row

    def _due(self) -> None:
        now = self._clock()
        if now - self._told < EVERY:
            return
        self._told = now
        calls = f", {self._calls:,} calls" if self._calls else ""
        self._tell(f"{self._what}: {self._rows:,} rows{calls}, {self._rows / (now - self._began):,.0f} rows a second")
