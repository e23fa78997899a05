"""A record that cannot be read: looked for again in ever longer steps, while nights read what changed and take nothing for deleted."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pyarrow.parquet as pq
import pytest

from orchestration.contract import INPUT_TABLES
from orchestration.sources.base import Batch, Bench, Position
from orchestration.sources.reading import again
from orchestration.sources.streams import Reading, Stream, StreamSource, is_due

BEGAN = datetime(2026, 3, 1, 2, tzinfo=UTC)


class _Desk(StreamSource):
    """Tickets: id → (night of its last change, status). A status that is no text cannot be read."""

    type: ClassVar[str] = "desk"

    def __init__(self, tickets: dict[str, tuple[int, Any]], night: int) -> None:
        super().__init__(None, lambda: BEGAN + timedelta(days=night, seconds=-night))  # a night begins a little earlier each time
        self.tickets, self.night = tickets, night
        self.read = 0

    def streams(self, table: str) -> list[Stream]:
        return [Stream("tickets", self._tickets), Stream("events", self._events)] if table == "crm_tickets" else []

    def _events(self, known: Position, _: Bench) -> Reading:
        """None, and such as are never read in full but at first."""
        return Reading((), lambda: {"since": 1}, not known)

    def _tickets(self, known: Position, _: Bench) -> Reading:
        is_full = is_due(known, timedelta(days=30), self._now())
        rows = self.odd.each("tickets", self._changed(0 if is_full else self.night), self._row)
        return Reading(rows, lambda: {"full_at": self._now().isoformat() if is_full else known["full_at"]}, is_full)

    def _changed(self, since: int) -> Iterator[tuple[str, Any]]:
        for identifier, (night, status) in self.tickets.items():
            if night >= since:
                self.read += 1
                yield identifier, status

    def _row(self, one: tuple[str, Any]) -> list[dict[str, Any]]:
        return [{"ticket_id": one[0], "customer_id": "C1", "opened_at": "2026-01-01T00:00:00Z", "status": one[1].lower()}]


Night = Callable[[dict[str, tuple[int, Any]]], tuple[_Desk, Batch]]


@pytest.fixture
def night(tmp_path: Path) -> Night:
    """One night after the other, each with what the last one left in the position."""
    known: dict[str, dict[str, Any]] = {}
    count = iter(range(1000))
    bench = Bench(duckdb.connect(), tmp_path)

    def work(tickets: dict[str, tuple[int, Any]]) -> tuple[_Desk, Batch]:
        desk = _Desk(tickets, next(count))
        batch, events = desk.extract(INPUT_TABLES["crm_tickets"], dict(known), bench)
        assert events.position == {"since": 1}  # whatever cannot be read among the tickets
        known.update({each.part: dict(each.position) for each in (batch, events)})
        return desk, batch

    return work


def test_what_stays_broken_is_looked_for_in_ever_longer_steps(night: Night) -> None:
    tickets = {"1": (0, "open"), "2": (0, None), "3": (0, "open")}
    nights = [night(tickets) for _ in range(40)]
    assert [number for number, (desk, _) in enumerate(nights) if desk.read == 3] == [0, 1, 3, 7, 15, 31]
    assert not any(batch.complete for _, batch in nights if batch.status == "changed")
    (line,) = nights[10][0].notes()
    assert "left out since 2026-03-01" in line
    assert "in the first night from 2026-03-15 13:59 UTC" in line
    (said,) = nights[15][0].notes()
    assert "the first is number 2" in said  # a night that comes upon them says so itself


def test_what_is_mended_at_the_vendor_lands_the_night_after_and_deletes_when_all_could_be_read(night: Night) -> None:
    tickets: dict[str, tuple[int, Any]] = {"1": (0, "open"), "2": (0, None), "3": (0, "open")}
    night(tickets), night(tickets)
    del tickets["3"]
    tickets["2"] = (2, "solved")
    desk, batch = night(tickets)
    assert (desk.read, pq.read_table(batch.data)["ticket_id"].to_pylist(), batch.complete) == (1, ["2"], False)
    desk, batch = night(tickets)
    assert (desk.read, batch.complete, "again" in batch.position) == (2, True, False)
    assert (night(tickets)[0].read, desk.notes()) == (0, [])


def test_a_slip_that_is_gone_the_next_night_costs_one_reading(night: Night) -> None:
    night({"1": (0, "open")})
    night({"1": (0, "open"), "2": (1, None)})
    desk, batch = night({"1": (0, "open"), "2": (1, "open")})
    assert (desk.read, batch.complete, again.is_wanted(batch.position, datetime.max.replace(tzinfo=UTC))) == (2, True, False)
