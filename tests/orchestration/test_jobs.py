"""Runs that were killed: the next one closes them and takes back what they held."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from orchestration import jobs, last_run
from orchestration.assets.forget import expired_people
from orchestration.home import Home, HomeError
from orchestration.privacy.erasure import NamedExportError, StillThereError
from orchestration.resources import NIGHTS, NightResource, night_of
from orchestration.settings import ConfigurationError

SLOT = "warehouse"


@dg.asset(pool=SLOT)
def guarded(night: NightResource) -> None:
    """Needs the one slot."""


@dg.job
def killed() -> None:
    """Whatever died."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    config = tmp_path / "config.yaml"
    config.write_text(
        "company: {name: A, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\nhome: home\n"
    )
    monkeypatch.setenv("RAPPORT_CONFIG", str(config))
    monkeypatch.delenv("RAPPORT_HOME", raising=False)
    made = Home(tmp_path / "home")
    made.prepare()
    return made


@pytest.mark.parametrize("tag", ["dagster/partition", "dagster/asset_partition_range_start"])
def test_the_night_of_a_run_is_known_however_it_was_started(tag: str) -> None:
    """Whoever waited for a backfill of assets was told of `a run in Dagster`, and retention took it for no night."""
    assert night_of(dg.DagsterRun("nightly", tags={tag: "2026-10-31"})) == "2026-10-31"
    assert night_of(dg.DagsterRun("retention")) is None


def test_a_killed_run_is_closed_and_its_slot_given_back(home: Home) -> None:
    with jobs.instance(home) as storage:
        dead = storage.create_run_for_job(killed, status=dg.DagsterRunStatus.STARTED)
        waiting = storage.create_run_for_job(killed, status=dg.DagsterRunStatus.NOT_STARTED)
        storage.event_log_storage.initialize_concurrency_limit_to_default(SLOT)
        assert storage.event_log_storage.claim_concurrency_slot(SLOT, dead.run_id, "before_models").is_claimed
        assert dg.materialize([guarded], instance=storage, resources={"night": NightResource()}).success
        assert storage.get_run_by_id(dead.run_id).status is dg.DagsterRunStatus.FAILURE  # type: ignore[union-attr]
        assert storage.get_run_by_id(waiting.run_id).status is dg.DagsterRunStatus.NOT_STARTED  # type: ignore[union-attr]
        assert not storage.event_log_storage.get_concurrency_info(SLOT).claimed_slots


def test_one_run_at_a_time_and_a_busy_machine_is_asked_again(home: Home) -> None:
    """By default a night that waits in the queue fails for good when Dagster gets no answer for a minute."""
    with jobs.instance(home) as storage:
        queue = storage.get_concurrency_config().run_queue_config
    assert queue is not None
    assert (queue.max_concurrent_runs, queue.max_user_code_failure_retries, queue.user_code_failure_retry_delay) == (1, 10, 60)


def test_the_home_is_held_while_a_run_of_dagster_lasts(home: Home) -> None:
    held = []

    @dg.asset
    def looking(night: NightResource) -> None:
        held.append(home.holder())

    with jobs.instance(home) as storage:
        assert dg.materialize([looking], instance=storage, resources={"night": NightResource()}).success
    assert "a run in Dagster (process " in held[0]
    assert home.holder() == "another run"  # nobody any more


def told(error: Exception, cause: BaseException | None) -> tuple[str, str]:
    """What is said of a step that raised `error` from `cause`, lines as they are shown."""

    @dg.asset
    def failing() -> None:
        raise error from cause

    result = dg.materialize([failing], raise_on_error=False)
    failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    status, reasons = jobs._told(failures[0])
    return status, "\n".join(reasons)


def test_what_we_say_ourselves_comes_before_what_it_was_raised_from() -> None:
    assert told(HomeError("state/x.json: this file is damaged"), ValueError("Expecting value: line 1 column 1 (char 0)")) == (
        "failed",
        "state/x.json: this file is damaged",
    )
    assert told(ConfigurationError("--as-of: before all data"), ValueError("x")) == ("misconfigured", "--as-of: before all data")


def test_where_nothing_is_ours_the_first_cause_is_told() -> None:
    wrapped = RuntimeError("(sqlite3.OperationalError) disk is full [SQL: INSERT INTO event_logs …] [parameters: ('ann@example.org')]")
    status, reason = told(wrapped, sqlite3.OperationalError("database or disk is full"))
    assert status == "failed"
    assert reason.startswith("database or disk is full: is the disk full? Free some space")


def test_what_others_say_is_told_without_whom_it_is_about() -> None:
    assert told(ValueError("Could not convert string 'ann@example.org' to INT32"), None)[1] == "Could not convert string 'a…@…' to INT32"


def test_a_step_that_fails_in_several_ways_has_as_many_reasons() -> None:
    status, reason = told(dg.Failure("crm: it is away\nbilling: [Errno 28] No space left on device"), None)
    assert status == "failed"
    assert [line[:12] for line in reason.splitlines()] == ["crm: it is a", "billing: [Er"]
    assert "is the disk full?" in reason.splitlines()[1]


def test_a_run_that_was_stopped_says_so_whatever_came_of_it() -> None:
    """dbt is given 25 seconds to stop; the error after that quotes the whole command, the salt of the hashes included."""
    timeout = subprocess.TimeoutExpired(["dbt", "--vars", "{'hash_salt': 'abc'}"], 25)
    assert told(timeout, dg.DagsterExecutionInterruptedError()) == (
        "failed",
        "stopped by a signal; run again, nothing has to be cleaned up first",
    )


@pytest.mark.parametrize(("job", "refused"), [("nightly", True), ("retention", False)])
def test_only_the_job_that_goes_on_with_an_interrupted_erasure_begins(home: Home, job: str, refused: bool) -> None:
    home.erasures.mkdir()
    (home.erasures / "20260101T000000-aa.journal.json").write_text("{}")
    context: Any = SimpleNamespace(run=SimpleNamespace(job_name=job, run_id="r", tags={}), instance=None)
    refusal = pytest.raises(HomeError, match="an erasure was interrupted") if refused else nullcontext()
    with refusal, NightResource().yield_for_execution(context):
        assert home.holder().startswith("a run in Dagster")


@pytest.mark.parametrize(
    ("job", "picked", "is_night"),
    [("nightly", None, True), ("__ASSET_JOB", frozenset({expired_people.key}), False), ("retention", None, False)],
)
def test_a_night_is_under_way_while_its_run_lasts(job: str, picked: frozenset[dg.AssetKey] | None, is_night: bool, home: Home) -> None:
    """Whoever builds one table, to look at it, and stops it has no night to run again."""
    run = dg.DagsterRun(job, asset_selection=picked, tags={"dagster/partition": "2026-10-31"})
    context: Any = SimpleNamespace(run=run, instance=None)
    with NightResource().yield_for_execution(context):
        assert (home.state / "under_way.json").exists() is is_night
    assert not (home.state / "under_way.json").exists()


@pytest.mark.parametrize("night", ["2026-03-05", None])
def test_retention_does_not_begin_amid_a_night(home: Home, night: str | None) -> None:
    """Whoever picks all assets in the UI gets both in one run, which holds the home for both."""

    @dg.asset(partitions_def=NIGHTS)
    def other(night: NightResource) -> None:
        """A step of a night."""

    picked = [expired_people, other] if night else [expired_people]
    last_run.remember_retention(home, ("the disk is full",))
    with jobs.instance(home) as storage:
        result = dg.materialize(picked, instance=storage, resources={"night": NightResource()}, partition_key=night, raise_on_error=False)
    failures = [jobs._told(event.step_failure_data) for event in result.all_events if event.is_step_failure]
    refusal = (
        "this run is the night of 2026-03-05, which reads what retention rewrites; the night goes on, and the job `retention` does the rest"
    )
    told = [(status, reason.partition(" when")[0]) for status, (reason,) in failures]
    assert told == ([("failed", refusal)] if night else [])
    done = {event.asset_key.path[-1] for event in result.get_asset_materialization_events() if event.asset_key}
    assert done == ({"other"} if night else {"expired_people"})
    assert (last_run.failed_retention(home) is None) is (night is None)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NamedExportError("exports are named after whom to erase (Ann Abbott.csv of files)"), "exports are named after people"),
        (StillThereError("this person is still in 1 file: landing/Ann Abbott.csv"), "are still in files of this home"),
    ],
)
def test_a_retention_that_fails_names_nobody(error: Exception, told: str, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of a file that holds a person may be theirs; history of runs kept it, and alerts would hand it on."""

    def failing(*_: object) -> None:
        raise error

    monkeypatch.setattr("orchestration.privacy.retention.enforce", failing)
    with jobs.instance(home) as storage:
        result = dg.materialize([expired_people], instance=storage, resources={"night": NightResource()}, raise_on_error=False)
        written = "\n".join(str(entry) for entry in storage.all_logs(result.run_id))
    assert "Ann Abbott" not in written
    _, (reason,) = next(jobs._told(event.step_failure_data) for event in result.all_events if event.is_step_failure)
    assert told in reason
    assert reason.endswith("`python -m orchestration erase --expired` says which files these are, and what to do")
