"""Dagster's events are kept where and as Dagster keeps them, and the files are not opened anew for each of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from orchestration import jobs
from orchestration.home import Home


@dg.asset(check_specs=[dg.AssetCheckSpec("fine", asset="looked_at")])
def looked_at() -> Iterator[Any]:
    yield dg.MaterializeResult()
    yield dg.AssetCheckResult(passed=True, check_name="fine")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.dagster.mkdir(parents=True)
    return home


@pytest.fixture
def opened() -> Iterator[list[Path]]:
    """The files of SQLite that were opened, each time."""
    files: list[Path] = []

    def note(connection: sqlite3.Connection, _: object) -> None:
        files.append(Path(connection.execute("PRAGMA database_list").fetchone()[2]))

    event.listen(Engine, "connect", note)
    yield files
    event.remove(Engine, "connect", note)


def test_a_run_opens_its_files_a_few_times_and_not_for_each_event(home: Home, opened: list[Path]) -> None:
    with jobs.instance(home) as storage:
        dg.materialize([looked_at], instance=storage)  # the first run makes the files
        opened.clear()
        run = dg.materialize([looked_at], instance=storage)
        events = len(storage.all_logs(run.run_id))
    assert events > 10
    of_events = [file.stem for file in opened if file.parent.name == "runs"]
    assert set(of_events) == {run.run_id}  # the index is open already
    assert len(of_events) <= 2  # making its tables takes a second look


def test_events_do_not_wait_for_the_disk(home: Home) -> None:
    with jobs.instance(home) as storage, storage.event_log_storage.index_connection() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 1  # NORMAL
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"


def test_dagster_reads_what_was_written(home: Home) -> None:
    with jobs.instance(home) as storage:
        run = dg.materialize([looked_at], instance=storage)
        said = [record.dagster_event_type for record in storage.all_logs(run.run_id)]
    theirs = SqliteEventLogStorage(str(home.dagster / "history" / "runs"))
    assert [record.dagster_event_type for record in theirs.get_logs_for_run(run.run_id)] == said


def test_a_run_that_is_forgotten_leaves_the_others_readable(home: Home) -> None:
    with jobs.instance(home) as storage:
        first, second = (dg.materialize([looked_at], instance=storage).run_id for _ in range(2))
        storage.delete_run(first)
        assert not storage.has_run(first)
        assert storage.all_logs(second)


def test_more_runs_are_looked_at_than_files_stay_open(home: Home) -> None:
    with jobs.instance(home) as storage:
        runs = [dg.materialize([looked_at], instance=storage).run_id for _ in range(6)]
        counts = {len(storage.all_logs(run)) for run in runs}
        held = len(storage.event_log_storage._engines)
    assert len(counts) == 1
    assert held == 4
