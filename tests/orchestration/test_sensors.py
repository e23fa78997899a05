"""Nights that the schedule missed are asked for once each, oldest first, and never before the first release."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration import jobs
from orchestration.definitions import defs
from orchestration.home import Home
from orchestration.sensors import MOST_CAUGHT_UP, killed_runs, missed_nights, missing_nights

HOLDING = """
import sys, pathlib
from orchestration.home import Home
with Home(pathlib.Path(sys.argv[1])).exclusive("a night"):
    print("held", flush=True)
    sys.stdin.read()
"""


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("published", "yesterday", "missing"),
    [
        ([], "2026-03-05", []),
        (["2026-03-05"], "2026-03-05", []),
        (["2026-03-06"], "2026-03-05", []),
        (["2026-03-01", "2026-03-02"], "2026-03-05", ["2026-03-03", "2026-03-04", "2026-03-05"]),
        (["2026-03-04", "2026-03-01"], "2026-03-05", ["2026-03-05"]),  # a hole before the newest night was somebody's decision
        (["2026-02-27"], "2026-03-01", ["2026-02-28", "2026-03-01"]),
    ],
)
def test_missing_nights(published: list[str], yesterday: str, missing: list[str]) -> None:
    assert missing_nights([day(night) for night in published], day(yesterday)) == [day(night) for night in missing]


def test_after_a_long_silence_only_the_newest_nights_are_asked_for() -> None:
    nights = missing_nights([day("2020-01-01")], day("2026-03-05"))
    assert len(nights) == MOST_CAUGHT_UP
    assert nights == [day("2026-03-05") - timedelta(days=number) for number in range(MOST_CAUGHT_UP - 1, -1, -1)]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    config = tmp_path / "config.yaml"
    config.write_text(
        "company: {name: A, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\nhome: home\n"
    )
    monkeypatch.setenv("RAPPORT_CONFIG", str(config))
    monkeypatch.delenv("RAPPORT_HOME", raising=False)
    return Home(tmp_path / "home")


def test_without_a_release_the_sensor_asks_for_nothing(home: Home) -> None:
    context = dg.build_sensor_context(instance=dg.DagsterInstance.ephemeral(), definitions=defs)
    assert isinstance(missed_nights(context), dg.SkipReason)


def test_nothing_waits_for_runs_that_were_killed(home: Home) -> None:
    """Dagster starts no run while another says that it goes on, or holds the one slot; the power may have failed meanwhile."""
    home.prepare()
    with jobs.instance(home) as storage:
        pool = storage.event_log_storage
        pool.initialize_concurrency_limit_to_default("warehouse")
        dead = storage.create_run_for_job(defs.resolve_job_def("retention"), status=dg.DagsterRunStatus.STARTED)
        over = storage.create_run_for_job(defs.resolve_job_def("retention"), status=dg.DagsterRunStatus.FAILURE)
        assert pool.claim_concurrency_slot("warehouse", over.run_id, "extract").is_claimed
        assert not pool.claim_concurrency_slot("warehouse", dead.run_id, "extract").is_claimed
        context = dg.build_sensor_context(instance=storage, definitions=defs)
        assert str(killed_runs(context).skip_message).startswith("closed: ")
        assert storage.get_run_by_id(dead.run_id).status is dg.DagsterRunStatus.FAILURE  # type: ignore[union-attr]
        assert pool.claim_concurrency_slot("warehouse", "next", "extract").is_claimed
        pool.free_concurrency_slots_for_run("next")
        assert killed_runs(context).skip_message == "no run says that it goes on"


def test_a_run_that_goes_on_is_not_closed(home: Home) -> None:
    home.prepare()
    with jobs.instance(home) as storage:
        alive = storage.create_run_for_job(defs.resolve_job_def("retention"), status=dg.DagsterRunStatus.STARTED)
        # as in another process: the lock of this one may be asked for again
        holder = subprocess.Popen([sys.executable, "-c", HOLDING, str(home.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert holder.stdout is not None
        assert holder.stdout.readline()
        try:
            said = str(killed_runs(dg.build_sensor_context(instance=storage, definitions=defs)).skip_message)
        finally:
            holder.communicate()
        assert said.startswith("a run goes on: ")
        assert storage.get_run_by_id(alive.run_id).status is dg.DagsterRunStatus.STARTED  # type: ignore[union-attr]
