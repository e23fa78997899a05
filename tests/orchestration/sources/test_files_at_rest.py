"""Exports that somebody writes while a night reads them: what is not written yet is not taken for deleted."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.configuration.sources import FilesSource
from orchestration.contract import INPUT_TABLES
from orchestration.sources import Batch, Bench
from orchestration.sources.files import Files
from orchestration.sources.reading import rest

CUSTOMERS = INPUT_TABLES["crm_customers"]
HEADER = "customer_id,created_at\n"
LINES = [f"c{number},2025-01-01\n" for number in range(100)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    path = folder / "crm_customers.csv"
    path.write_text(HEADER + "".join(LINES))
    return path


@pytest.fixture
def night(file: Path, bench: Bench) -> Callable[[], Batch]:
    """What the next night makes of the file that the nights before have landed."""
    source, state = Files.from_settings(FilesSource(type="files", path=str(file.parent))), dict[str, Any]()

    def run() -> Batch:
        (batch,) = source.extract(CUSTOMERS, state, bench)
        state.update({batch.part: batch.position} if batch.status == "changed" else {})
        return batch

    assert run().rows == len(LINES)
    return run


def _meanwhile(monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], Any]) -> list[float]:
    """What others do while we wait, one step a wait; the waits."""
    waits, left = list[float](), list(steps)

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if left:
            left.pop(0)()

    monkeypatch.setattr(rest, "sleep", sleep)
    return waits


@pytest.mark.parametrize(
    "begun", ["", HEADER, HEADER + "".join(LINES[:10]), HEADER + "c0,20"], ids=["empty", "header", "rows", "half a row"]
)
def test_a_file_that_is_written_anew_in_place_is_waited_for(
    file: Path, night: Callable[[], Batch], monkeypatch: pytest.MonkeyPatch, begun: str
) -> None:
    def written(rows: int) -> Callable[[], Any]:
        return lambda: file.write_text(HEADER + "".join(LINES[:rows]) + "new,2025-01-02\n" * (rows == 100))

    waits = _meanwhile(monkeypatch, written(40), written(90), written(100))
    file.write_text(begun)
    batch = night()
    assert (batch.status, batch.rows, batch.error) == ("changed", 101, None)
    assert len(waits) == 4, "once more than it was written"


def test_a_file_that_nobody_writes_any_more_is_what_it_is(file: Path, night: Callable[[], Batch], monkeypatch: pytest.MonkeyPatch) -> None:
    waits = _meanwhile(monkeypatch)
    file.write_text(HEADER + LINES[0])
    assert (night().rows, waits) == (1, [2])


def test_a_file_of_an_hour_ago_is_not_waited_for(file: Path, night: Callable[[], Batch], monkeypatch: pytest.MonkeyPatch) -> None:
    waits = _meanwhile(monkeypatch)
    file.write_text(HEADER + LINES[0])
    for moment in (time.time() - 3600, time.time() + 3600):
        os.utime(file, (moment, moment))
        night()
    assert waits == []


def test_who_writes_on_and_on_is_named_and_nothing_is_lost(file: Path, night: Callable[[], Batch], monkeypatch: pytest.MonkeyPatch) -> None:
    def more() -> None:
        with file.open("a") as target:
            target.write(LINES[0])

    _meanwhile(monkeypatch, *[more] * 100)
    file.write_text(HEADER)
    batch = night()
    assert (batch.status, batch.error) == (
        "unreadable", "crm_customers.csv: the file is still being written; it is read on the next run, and rows landed from it stay",
    )  # fmt: skip


def test_a_file_that_is_removed_and_written_anew_is_not_gone(
    file: Path, night: Callable[[], Batch], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = file.read_text()
    file.unlink()
    _meanwhile(monkeypatch, lambda: file.write_text(whole))
    batch = night()
    assert (batch.status, "is again" in (batch.error or "")) == ("unreadable", True)
    assert night().status == "unchanged"
    file.unlink()
    assert night().status == "gone"


HALF = HEADER + "".join(LINES[:50]) + "c50,2025-01-0"


def test_a_text_that_ended_a_line_before_and_does_not_now_is_not_taken_for_whole(
    file: Path, night: Callable[[], Batch], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes it has paused for longer than is waited: half a value looks like a value."""
    _meanwhile(monkeypatch)
    file.write_text(HALF)
    batch = night()
    assert (batch.status, batch.error) == (
        "unreadable",
        "crm_customers.csv: its last line has no end and had one before, as if the file were still being written; it is read on the first"
        " run ten minutes after its last change, and rows landed from it stay",
    )  # fmt: skip
    file.write_text(HEADER + "".join(LINES) + "new,2025-01-02\n")
    assert (night().status, night().status) == ("changed", "unchanged")
    file.write_text(HALF)
    os.utime(file, (time.time() - 601, time.time() - 601))
    assert (night().rows, night().status) == (51, "unchanged"), "nobody writes it any more: it is a text without a last line's end"
    file.write_text(HALF + "1")
    assert night().rows == 51, "which it was before, too"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_the_end_of_a_last_line_is_seen_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.csv"
    for text, wanted in (("a,b\n", True), ("a,b\r\n", True), ("a,b", False), ("", False), ("a,b\r", True)):
        path.write_bytes(text.encode(encoding))
        assert rest.ends_a_line(path) is wanted, text
    assert rest.ends_a_line(tmp_path / "x.csv.gz")
