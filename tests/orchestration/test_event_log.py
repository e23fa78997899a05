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
from orchestration.commands import running
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


@pytest.mark.thorough
def test_what_a_run_intends_is_one_transaction_and_all_there(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [_made(f"asset_{number}") for number in range(30)]
    commits: list[object] = []
    note = commits.append
    stored: dict[str, tuple[int, list[Any]]] = {}
    for together in ({}, running.EVENTS_TOGETHER):
        for name, value in together.items():
            monkeypatch.setenv(name, value)
        with jobs.instance(home) as storage:
            dg.materialize(made[:1], instance=storage)  # the index is made
            commits.clear()
            event.listen(Engine, "commit", note)
            run = dg.materialize(made, instance=storage)
            event.remove(Engine, "commit", note)
            said = [(one.dagster_event_type, str(one.dagster_event.asset_key)) for one in storage.all_logs(run.run_id) if one.dagster_event]
            planned = [one for one in said if one[0] is dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED]
            checks = storage.event_log_storage.get_asset_check_execution_history(_check("asset_7"), limit=9)
            assert (len(planned), checks[0].run_id, checks[0].status.value) == (30, run.run_id, "SUCCEEDED")
            newest = storage.get_latest_materialization_event(dg.AssetKey("asset_29"))
            assert newest is not None
            assert newest.run_id == run.run_id
            stored[str(together)] = len(commits), sorted(said, key=str)
    (one_by_one, said), (at_once, same) = stored.values()
    assert same == said
    assert one_by_one - at_once > 3 * 30  # each asset and each check, in the file of the run and in the index


def _made(name: str) -> dg.AssetsDefinition:
    @dg.asset(name=name, check_specs=[dg.AssetCheckSpec("fine", asset=name)])
    def asset() -> Iterator[Any]:
        yield dg.MaterializeResult()
        yield dg.AssetCheckResult(passed=True, check_name="fine")

    return asset


def _check(asset: str) -> dg.AssetCheckKey:
    return dg.AssetCheckKey(dg.AssetKey(asset), "fine")


def test_a_batch_that_fails_leaves_nothing_half_written(home: Home) -> None:
    with jobs.instance(home) as storage:
        run = dg.materialize([looked_at], instance=storage)
        log, said = storage.event_log_storage, storage.all_logs(run.run_id)
        again = [one for one in said if "CHECK" not in str(one.dagster_event_type)]  # Dagster itself takes a check but once
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(log, "_store_asset_event", _disk_is_full)
            with pytest.raises(sqlite3.Error):
                log.store_event_batch(again)
        assert len(storage.all_logs(run.run_id)) == len(said)
        log.store_event_batch(again)
        assert len(storage.all_logs(run.run_id)) == len(said) + len(again)


def _disk_is_full(*_: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


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
