"""Lists that are kept: what a run reads once, what a run after a killed one goes on with, and whose it is not."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import pytest

from orchestration.sources import Bench
from orchestration.sources.http import RefusedError
from orchestration.sources.reading.ahead import ahead
from orchestration.sources.reading.pages import Pages

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Vendor:
    """Pages 1 to 4; `asked` is behind which of them somebody began to ask."""

    asked: list[Any] = field(default_factory=list)
    forgets: bool = False
    text: str = "é"

    def ask(self, last: Any) -> Iterator[Any]:
        self.asked.append(last and last["page"])
        if last and self.forgets:
            raise RefusedError("GET /list is gone (410)", 410)
        yield from ({"page": number, "rows": [self.text]} for number in range(last["page"] + 1 if last else 1, 5))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "scratch").mkdir()
    return Bench(duckdb.connect(), tmp_path / "scratch", begun=tmp_path / "begun")


def _pages(told: str = "ours", now: datetime = NOW) -> Pages:
    return Pages("vendor", told, lambda: now)


def _killed(vendor: Vendor, bench: Bench, most: int = 2) -> None:
    reading = _pages().of("list", vendor.ask, bench, goes_on=True)
    assert [next(reading)["page"] for _ in range(most)] == list(range(1, most + 1))
    (file,) = bench.begun.glob("*.jsonl")  # type: ignore[union-attr]
    with file.open("a") as content:
        content.write('{"page": 3, "cut o')


def _read(pages: Pages, vendor: Vendor, bench: Bench) -> list[int]:
    return [page["page"] for page in pages.of("list", vendor.ask, bench, goes_on=True)]


def test_a_run_after_a_killed_one_asks_for_what_is_behind_the_last_whole_page(bench: Bench) -> None:
    vendor = Vendor()
    _killed(vendor, bench)
    later = _pages(now=NOW + timedelta(days=1))
    assert _read(later, vendor, bench) == [1, 2, 3, 4]
    assert _read(later, vendor, bench) == [1, 2, 3, 4]
    assert (vendor.asked, later.began(bench)) == ([None, 2], NOW)


@pytest.mark.parametrize(("told", "at"), [("theirs", NOW), ("ours", NOW + timedelta(days=8))])
def test_what_was_begun_of_another_account_or_long_ago_is_forgotten(told: str, at: datetime, bench: Bench) -> None:
    vendor = Vendor()
    _killed(vendor, bench)
    pages = _pages(told, at)
    assert _read(pages, vendor, bench) == [1, 2, 3, 4]
    assert (vendor.asked, pages.began(bench)) == ([None, None], at)


def test_a_list_whose_place_the_vendor_has_forgotten_is_read_anew_and_nothing_twice(bench: Bench) -> None:
    vendor = Vendor()
    _killed(vendor, bench)
    vendor.forgets = True
    assert _read(_pages(), vendor, bench) == [1, 2, 3, 4]
    assert vendor.asked == [None, 2, None]


def test_a_list_that_does_not_go_on_is_read_once_a_run_and_anew_by_the_next(bench: Bench) -> None:
    vendor = Vendor(text="\ud800")  # half of a surrogate pair, which vendors do send
    pages = _pages()
    first = list(pages.of("list", vendor.ask, bench))
    assert list(pages.of("list", vendor.ask, bench)) == first
    assert (first[3], vendor.asked) == ({"page": 4, "rows": ["\ud800"]}, [None])
    assert not bench.begun.exists()  # type: ignore[union-attr]


def test_two_who_read_one_list_at_a_time_both_have_all_of_it(bench: Bench) -> None:
    pages, vendor = _pages(), Vendor()
    outer = pages.of("list", vendor.ask, bench, goes_on=True)
    seen = [next(outer)["page"], *_read(pages, vendor, bench), *(page["page"] for page in outer)]
    assert seen == [1, 1, 2, 3, 4, 2, 3, 4]


def test_reading_ahead_keeps_the_order_and_raises_what_broke_where_it_broke() -> None:
    def broken() -> Iterator[int]:
        yield from range(20)
        raise KeyboardInterrupt

    seen: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        seen.extend(ahead(broken()))
    assert seen == list(range(20))


def test_reading_ahead_ends_with_whoever_reads() -> None:
    made: list[int] = []
    ended = Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                made.append(len(made))
                yield made[-1]
        finally:
            ended.set()

    reading = ahead(endless())
    assert next(reading) == 0
    reading.close()  # type: ignore[attr-defined]
    assert ended.wait(10)
    assert len(made) <= 5
