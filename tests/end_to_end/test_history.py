"""A company with a history: nights that were killed, a newer night, and an older one that is run again after it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from examples.acme.nights import next_night
from orchestration import jobs, releases
from orchestration.home import Home
from orchestration.releases import Release
from tests.long_tests import long_test

pytestmark = long_test

AS_OF, NEXT = "2026-10-31", "2026-11-01"
MENDED = "ticket_id,customer_id,opened_at,status\nticket_planted,C000000000,2026-10-31T09:00:00Z,open\n"


@dataclass(frozen=True)
class History:
    """Three published nights over one landing: AS_OF after three kills, then NEXT, then AS_OF again."""

    company: Any
    first: Release
    newer: Release
    again: Release
    runs: tuple[dg.DagsterRunStatus, ...]


@pytest.fixture(scope="module")
def history(published: Any, tmp_path_factory: pytest.TempPathFactory) -> History:
    company = published.copy(tmp_path_factory.mktemp("history") / "company")
    shutil.rmtree(company.home / "warehouse")  # all of it can be rebuilt from landing
    next_night(company.exports, NEXT, share=0.1)
    (company.exports / "crm_tickets" / "planted.csv").write_text(MENDED)
    company.kill_at("extract")
    company.kill_at("before_models", after=4)
    company.kill_at("release", after=0.2)
    company.night(AS_OF)
    first, runs = releases.current(company.home), statuses(company.home)
    company.night(NEXT)
    newer = releases.current(company.home)
    company.night(AS_OF)
    return History(company, first, newer, releases.current(company.home), runs)


def statuses(home: Path) -> tuple[dg.DagsterRunStatus, ...]:
    with jobs.instance(Home(home)) as storage:
        assert not any(
            storage.event_log_storage.get_concurrency_info(key).claimed_slots for key in storage.event_log_storage.get_concurrency_keys()
        )
        return tuple(run.status for run in storage.get_runs())


def test_killed_runs_are_closed_by_the_next_one_and_hold_no_slot(history: History) -> None:
    success, failure = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE
    assert history.runs == (success, failure, failure, failure, success)  # newest first; the last one is the night before the kills


def test_an_older_night_run_after_a_newer_one_is_the_night_that_would_have_run(history: History) -> None:
    assert differing(history.first, history.again) == {
        "sync_log",  # what has been sent by then, on purpose
        "data_quality",  # counts what has been sent by then, too; compared without that below
    }


def test_the_record_of_checks_is_the_same_but_for_the_run(history: History) -> None:
    one, other = (f"(SELECT * EXCLUDE (run_id) FROM '{release.table_file('data_quality')}')" for release in (history.first, history.again))
    about_the_log = "table_name <> 'sync_log' AND observed NOT LIKE '%of % values' AND observed NOT LIKE 'observed %'"
    query = f"SELECT * FROM (FROM {one} EXCEPT ALL FROM {other}) WHERE {about_the_log}"
    assert duckdb.execute(query).fetchall() == []


def test_the_newer_night_holds_what_the_day_brought(history: History) -> None:
    assert (history.first.as_of.isoformat(), history.newer.as_of.isoformat()) == (AS_OF, NEXT)
    for table in ("fct_orders", "fct_tickets", "dim_customers"):
        assert history.newer.manifest["tables"][table]["rows"] > history.first.manifest["tables"][table]["rows"], table
    with history.first.connect() as marts:
        assert marts.execute("SELECT count(*) FROM marts.fct_orders WHERE ordered_at >= DATE '2026-11-01'").fetchone() == (0,)


def test_a_row_that_was_mended_at_the_source_leaves_quarantine(history: History, published: Any) -> None:
    assert "ticket_planted" in published.run("--table", "crm_tickets", command="quarantine").stdout
    assert "ticket_planted" not in history.company.run("--table", "crm_tickets", command="quarantine").stdout
    with history.first.connect() as marts:
        assert marts.execute("SELECT count(*) FROM marts.fct_tickets WHERE ticket_id = 'ticket_planted'").fetchone() == (1,)


def test_nothing_is_sent_twice(history: History, materialize: Callable[..., dg.ExecuteInProcessResult]) -> None:
    assert materialize(history.company, AS_OF, "activation/activation").success
    told = json.loads((history.company.home / "state" / "last_sync.json").read_text())[0]
    assert told["decisions"]["unchanged"] == history.again.table("sync_files__customer_scores").num_rows
    assert told["calls"] == 0


def test_what_the_day_changed_is_told_with_its_reason(history: History) -> None:
    told = json.loads(history.company.run(history.first.id, history.newer.id, "--json", command="diff").stdout)
    assert told["why"]["as_of"] == {"before": AS_OF, "after": NEXT}
    assert not {"code_version", "config_hash", "configuration", "packages", "landed"} & set(told["why"])
    orders = next(one for one in told["tables"] if one["table"] == "fct_orders")
    rows = [release.manifest["tables"]["fct_orders"]["rows"] for release in (history.first, history.newer)]
    assert orders["added"] - orders["removed"] == rows[1] - rows[0] > 0
    assert told["figures"]


def test_an_older_release_is_served_again_on_request(history: History) -> None:
    done = history.company.run("rollback", history.newer.id, command="releases")
    assert done.returncode == 0, done.stderr
    assert f"release {history.newer.id} is served" in history.company.run(command="status").stdout


def differing(one: Release, other: Release) -> set[str]:
    told = one.manifest["tables"]
    assert set(told) == set(other.manifest["tables"])
    return {name for name in told if told[name]["checksum"] != other.manifest["tables"][name]["checksum"]}
