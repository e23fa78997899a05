"""The newest change a stream has seen, in milliseconds since 1970: from where the next night reads on.

Comes in: the records of a night, or a column of their stamps. Goes out: the same records, and a number. It is the vendor's clock that
counts, as far as it is not ahead of ours: one record stamped in the year 2100 must not hide all that comes before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

Record = TypeVar("Record")
Records = TypeVar("Records")


class Newest:
    """`known`: what earlier nights have seen; None when nothing."""

    def __init__(self, known: int | None) -> None:
        self._newest = known or 0
        self._text = ""  # how it was written

    def before(self, lag: timedelta) -> int:
        """From where to read: some time before the newest change, itself included."""
        return max(0, self._newest - int(lag.total_seconds() * 1000))

    def watched(self, records: Iterable[Record], stamp: Callable[[Record], Any]) -> Iterator[Record]:
        """The records as they are; what `stamp` says of each is remembered."""
        for record in records:
            self._see(stamp(record))
            yield record

    def all_watched(self, lists: Iterable[Records], stamps: Callable[[Records], list[Any]]) -> Iterator[Records]:
        """Lists of records as they are; what `stamps` says of each is remembered."""
        for records in lists:
            for stamp in _telling(stamps(records)):
                self._see(stamp)
            yield records

    def see(self, stamps: pa.Array) -> None:
        """Remember what a column of texts says."""
        lengths = pc.if_else(pc.ends_with(stamps, "Z"), pc.utf8_length(stamps), 0)
        for length in pc.unique(lengths.drop_null()).to_pylist():
            alike = stamps.filter(pc.equal(lengths, length))
            last = pc.max(alike).as_py() if length else ""
            for stamp in [last] if milliseconds(last) else pc.unique(alike).to_pylist():  # the last of them may be the 31st of a June
                self._see(stamp)

    def _see(self, told: Any) -> None:
        # Of two times in UTC that are written alike, the later text is the later time; to read each takes three times as long.
        text = told if isinstance(told, str) and told.endswith("Z") else ""
        if text and len(text) == len(self._text) and text <= self._text:
            return
        moment = milliseconds(told)
        if moment > self._newest:
            self._newest, self._text = moment, text

    def until(self, began: datetime) -> int:
        """The newest change seen, at the latest when reading began: what was read at first may have changed before the last was."""
        return min(self._newest, int(began.timestamp() * 1000))


def _telling(stamps: list[Any]) -> list[Any]:
    """Those of which one is the newest: of times in UTC that are all written alike only the last text, if it is a time."""
    alike = [stamp for stamp in stamps if type(stamp) is str and stamp[-1:] == "Z"]
    if len(set(map(len, alike))) != 1 or not milliseconds(last := max(alike)):
        return stamps
    return [last] if len(alike) == len(stamps) else [last, *(stamp for stamp in stamps if type(stamp) is not str or stamp[-1:] != "Z")]


def milliseconds(value: Any) -> int:
    """A time, as a number or its digits or in ISO-8601; 0 when it is none. One without a zone is UTC."""
    if isinstance(value, str) and not value.isdigit():
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            return 0
        return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)
    return int(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else 0
