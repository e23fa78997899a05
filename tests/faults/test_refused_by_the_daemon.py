"""A night that must not be published is refused whoever starts it: the schedule at its tick, a backfill of the job, one of the assets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import dagster as dg
import duckdb
import pytest

from orchestration import releases
from orchestration.home import Home
from orchestration.resources import night_of
from tests.commands import ROOT
from tests.faults import daemon
from tests.faults.conftest import CUSTOMERS, Small
from tests.faults.daemon import Daemon
from tests.long_tests import long_test

pytestmark = long_test

AS_OF = "2026-10-31"
FLOOD = "ticket_id,customer_id,opened_at\n" + "".join(f"t{number},c1,never\n" for number in range(50))
FACTS = {"run_id": "r", "code_version": "1", "config_hash": "c", "models": {}, "sources": [], "checks": {}}
WAYS = {
    "schedule": lambda asked: asked.tick("every_night", datetime(2026, 11, 1, 2, tzinfo=UTC)),
    "backfill of the job": lambda asked: asked.backfill_job("nightly", [AS_OF]),
    "backfill of assets": lambda asked: asked.backfill_assets([AS_OF]),
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """One that has a release, and whose export of tickets is garbage since."""
    made = Small(tmp_path_factory.mktemp("daemon")).configure().export({"crm_customers.csv": CUSTOMERS, "crm_tickets.csv": FLOOD})
    Home(made.home).prepare()
    with duckdb.connect(str(made.folder / "before.duckdb")) as connection:
        connection.execute("CREATE SCHEMA marts; CREATE TABLE marts.dim_customers AS SELECT 'k1' AS customer_key")
    releases.publish(releases.build(made.folder / "before.duckdb", made.home, as_of=date(2026, 10, 30), **FACTS))
    return made


@pytest.fixture(scope="module")
def at_work(company: Small) -> Iterator[Daemon]:
    told = {"RAPPORT_CONFIG": str(company.folder / "config.yaml"), "PYTHONPATH": str(ROOT), "DAGSTER_DISABLE_TELEMETRY": "true"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in told.items():
            patch.setenv(name, value)
        patch.delenv("RAPPORT_HOME", raising=False)
        patch.setattr(dg.DagsterInstance, "code_server_process_startup_timeout", 900)  # three minutes are short on a machine that is busy
        with daemon.at_work(company.home) as asked:
            yield asked


@pytest.mark.parametrize("way", WAYS)
def test_nothing_runs_after_the_gate_and_the_last_release_stays(company: Small, at_work: Daemon, way: str) -> None:
    served = releases.ids(company.home)
    runs = WAYS[way](at_work)
    assert [(night_of(run), run.status) for run in runs] == [(AS_OF, dg.DagsterRunStatus.FAILURE)]
    assert at_work.steps(runs[0]) == {"extract", "landing_gate"}
    assert releases.ids(company.home) == served == [releases.current_id(company.home)]
    with duckdb.connect(str(Home(company.home).warehouse), read_only=True) as warehouse:
        built = warehouse.execute("SELECT DISTINCT schema_name FROM duckdb_tables() WHERE estimated_size > 0").fetchall()
    assert {schema for (schema,) in built} <= {"ops", "landing"}
    refusal = releases.standing_refusal(company.home)
    assert refusal is not None
    assert (refusal.as_of, refusal.stage) == (AS_OF, "landing gate")
    assert refusal.reason.startswith("crm_tickets: 50 of 50 rows of files are bad")
