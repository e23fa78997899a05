"""A cursor that is a number: drawn when a transaction writes, seen when it ends."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.configuration.sources import SqlSource
from orchestration.sources.sql import source
from tests.orchestration.sources.nights import Nights

At = Callable[[timedelta], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Set our clock to so long after the first night."""
    began = datetime(2026, 1, 5, 2, tzinfo=UTC)

    def _at(later: timedelta) -> None:
        class Clock(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return began + later

        monkeypatch.setattr(source, "datetime", Clock)

    return _at


class Shop:
    """A table of people whose `version` is drawn from a sequence."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self._path = folder / "shop.db"
        with closing(sqlite3.connect(self._path)) as shop:
            shop.execute("CREATE TABLE people (customer_id INTEGER, created_at TEXT, version INTEGER)")
        tables: Any = {"crm_customers": {"table": "people", "cursor": "version", "full_every_days": 30, **more}}
        settings = SqlSource(type="sql", url="${URL}", tables=tables)
        self.nights = Nights(folder, settings.model_copy(update={"url": f"sqlite:///{self._path}"}))

    def show(self, *versions: int) -> None:
        """The transactions that drew these numbers end."""
        with closing(sqlite3.connect(self._path)) as shop:
            shop.executemany("INSERT INTO people VALUES (?, '2026-01-01', ?)", [(version, version) for version in versions])
            shop.commit()

    def drop(self, version: int) -> None:
        """A row is deleted, which only a full reading finds."""
        with closing(sqlite3.connect(self._path)) as shop:
            shop.execute("DELETE FROM people WHERE version = ?", (version,))
            shop.commit()

    def night(self) -> list[int]:
        """Who has landed after one more night."""
        load = self.nights.night("crm_customers")["crm_customers"]
        assert load.error is None
        return sorted(map(int, self.nights.rows("crm_customers")))


def test_a_transaction_that_ends_late_is_found_the_next_night(tmp_path: Path, at: At) -> None:
    shop = Shop(tmp_path)
    at(timedelta())
    shop.show(1, 2, 4)  # while the transaction that drew 3 goes on
    assert shop.night() == [1, 2, 4]
    at(timedelta(days=1))
    shop.show(3, 6)
    assert shop.night() == [1, 2, 3, 4, 6]
    at(timedelta(days=2))
    shop.show(5)
    assert shop.night() == [1, 2, 3, 4, 5, 6]


def test_later_nights_read_what_two_nights_brought_and_no_more(tmp_path: Path, at: At) -> None:
    shop = Shop(tmp_path)
    for day in range(4):
        at(timedelta(days=day))
        shop.show(day * 2, day * 2 + 1)
        shop.night()
    shop.drop(0)
    shop.drop(5)
    at(timedelta(days=4))
    assert shop.night() == list(range(8))  # an incremental reading takes nothing for deleted
    at(timedelta(days=32))
    assert shop.night() == [1, 2, 3, 4, 6, 7]


def test_runs_within_the_time_of_a_transaction_miss_nothing(tmp_path: Path, at: At) -> None:
    shop = Shop(tmp_path)
    for minutes in (0, 20, 40):
        at(timedelta(minutes=minutes))
        shop.show(100 + minutes)
        shop.night()
    at(timedelta(minutes=59))
    shop.show(99)
    assert shop.night() == [99, 100, 120, 140]


def test_without_a_lag_the_last_number_is_where_the_next_night_begins(tmp_path: Path, at: At) -> None:
    shop = Shop(tmp_path, lag_minutes=0)
    at(timedelta())
    shop.show(1, 9)
    shop.night()
    at(timedelta(days=1))
    shop.show(3, 11)
    assert shop.night() == [1, 9, 11]
