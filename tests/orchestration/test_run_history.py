"""Dagster's record of past runs does not grow for ever."""

import os

import dagster as dg

from orchestration import jobs, run_history
from orchestration.home import Home
from orchestration.night import RefusedError
from orchestration.resources import NightResource


@dg.asset
def something() -> dg.MaterializeResult:
    """An asset whose runs leave events."""
    return dg.MaterializeResult(metadata={"dagster/row_count": 1})


def _run(storage: dg.DagsterInstance) -> str:
    return dg.materialize([something], instance=storage).run_id


def test_the_newest_runs_stay_and_older_ones_leave_no_file(tmp_path):
    home = Home(tmp_path)
    home.prepare()
    with jobs.instance(home) as storage:
        ids = [_run(storage) for _ in range(4)]
        assert {path.stem for path in (home.dagster / "history" / "runs").glob("*.db")} >= set(ids)
        assert sorted(run_history.prune(storage, home, 2)) == sorted(ids[:2])
        assert {run.run_id for run in storage.get_runs()} == set(ids[2:])
        assert not [path for path in (home.dagster / "history" / "runs").iterdir() if path.name.startswith(tuple(ids[:2]))]
        assert storage.get_latest_materialization_event(dg.AssetKey("something")).run_id == ids[-1]


def test_a_run_that_waits_or_goes_on_is_left_alone(tmp_path):
    home = Home(tmp_path)
    home.prepare()
    with jobs.instance(home) as storage:
        waiting = storage.create_run_for_job(
            dg.define_asset_job("j").resolve(asset_graph=dg.Definitions([something]).resolve_asset_graph())
        )
        finished = [_run(storage) for _ in range(2)]
        assert run_history.prune(storage, home, 2) == []
        assert run_history.prune(storage, home, 1) == finished[:1]
        assert {run.run_id for run in storage.get_runs()} == {waiting.run_id, finished[1]}


def test_the_newest_logs_stay(tmp_path):
    home = Home(tmp_path)
    home.prepare()
    for number in range(4):
        log = home.logs / f"2026-01-0{4 - number}-run.log"  # an older night run later is newer
        log.write_text("said")
        os.utime(log, (number, number))
    with jobs.instance(home) as storage:
        run_history.prune(storage, home, 2)
    assert sorted(path.name for path in home.logs.glob("*.log")) == ["2026-01-01-run.log", "2026-01-02-run.log"]


def test_runs_that_end_before_a_release_are_forgotten_too(tmp_path, monkeypatch):
    """A night that is refused or killed leaves as much as one that publishes, and for as long as nobody mends it."""
    (tmp_path / "config.yaml").write_text(
        "company: {name: A, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\nhome: home\n"
        "settings: {runs_kept: 1}\n"
    )
    monkeypatch.setenv("RAPPORT_CONFIG", str(tmp_path / "config.yaml"))
    monkeypatch.delenv("RAPPORT_HOME", raising=False)
    home = Home(tmp_path / "home")
    home.prepare()

    @dg.asset
    def refused(night: NightResource) -> None:
        raise RefusedError("landing gate", ["crm_tickets"])

    with jobs.instance(home) as storage:
        ids = [
            dg.materialize([refused], instance=storage, resources={"night": NightResource()}, raise_on_error=False).run_id for _ in "123"
        ]
        assert [run.run_id for run in storage.get_runs()] == ids[:0:-1]  # the one that was over when the last began, and that
