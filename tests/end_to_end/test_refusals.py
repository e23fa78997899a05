"""A night that must not be published: nothing after the check that failed runs, the last release is still served, and it says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from orchestration import releases
from tests.end_to_end.conftest import reason
from tests.long_tests import long_test

pytestmark = long_test

AS_OF = "2026-10-31"
FLOOD = "ticket_id,customer_id,opened_at,status\n" + "".join(f"flood_{number},C000000000,never,open\n" for number in range(200))
NO_RATE = (
    "payment_id,billing_customer_id,kind,status,occurred_at,amount,currency\n"
    "pay_planted,cus_000000000,payment,succeeded,2026-10-30T10:00:00Z,990.00,THB\n"
)
Materialize = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture(scope="module")
def company(published: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return published.copy(tmp_path_factory.mktemp("refused") / "company")


@pytest.fixture(scope="module")
def flooded(company: Any) -> Any:
    """A night whose ticket export is mostly garbage."""
    before = scores(company.home)
    (company.exports / "crm_tickets" / "flood.csv").write_text(FLOOD)
    done = company.run("--as-of", AS_OF)
    return done, before


@pytest.fixture(scope="module")
def rateless(company: Any, flooded: Any) -> Any:
    """The night after: the flood is gone, but somebody paid in a currency without an exchange rate."""
    (company.exports / "crm_tickets" / "flood.csv").unlink()
    (company.exports / "billing_payments" / "planted.csv").write_text(NO_RATE)
    before = scores(company.home)
    return company.run("--as-of", AS_OF), before


def test_too_many_bad_rows_refuse_the_night_in_one_clear_line(flooded: Any) -> None:
    done, _ = flooded
    assert done.returncode == 3, done.stdout + done.stderr
    assert "landing gate: crm_tickets" in done.stdout
    assert "2.00% allowed" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_nothing_ran_after_the_gate(company: Any, flooded: Any) -> None:
    _, before = flooded
    assert set(last_run(company.home)["steps"]) <= {"extract", "landing_gate"}
    assert scores(company.home) == before


def test_the_last_release_is_still_served_and_status_says_why(company: Any, published: Any, flooded: Any) -> None:
    assert releases.current(company.home).id == releases.current(published.home).id
    said = company.run(command="status").stdout
    assert f"  refused      the night of {AS_OF} at the landing gate, " in said
    assert "               crm_tickets: " in said


def test_the_same_night_started_in_the_ui_is_refused_too(company: Any, flooded: Any, materialize: Materialize) -> None:
    result = materialize(company, AS_OF)
    assert not result.success
    started = {event.step_key for event in result.all_events if event.is_step_start}
    # Retention is no part of a night: where all assets are picked it stands beside it, and behind no gate.
    assert started - {"privacy__expired_people"} == {"extract", "landing_gate"}


def test_the_release_alone_refuses_while_a_check_failed_or_did_not_run(company: Any, flooded: Any, materialize: Materialize) -> None:
    result = materialize(company, AS_OF, "release/current", "release/page")
    assert not result.success
    assert "quarantined_share" in reason(result)
    assert "the audience gate did not run for this night" in reason(result)
    assert releases.current(company.home).as_of.isoformat() == AS_OF


def test_a_stage_refuses_to_go_on_with_another_night(company: Any, flooded: Any, materialize: Materialize) -> None:
    result = materialize(company, "2026-10-30", "release/current", "release/page")
    assert "the warehouse holds the night of 2026-10-31, not of 2026-10-30" in reason(result)


def test_a_currency_without_a_rate_refuses_the_night_before_any_model_runs(company: Any, rateless: Any) -> None:
    done, before = rateless
    assert done.returncode == 3, done.stdout + done.stderr
    assert "assert_needed_rates_are_known: 1 row (exchange_rates needs a rate for THB of 2026-10-30 or before)" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "churn_scores" not in last_run(company.home)["steps"]
    assert scores(company.home) == before


def last_run(home: Path) -> dict[str, Any]:
    return json.loads((home / "state" / "last_run.json").read_text())


def scores(home: Path) -> list[tuple[Any, ...]]:
    """Checksums of everything the models wrote, and when dbt last ran."""
    with duckdb.connect(str(home / "warehouse" / "rapport_build.duckdb"), read_only=True) as warehouse:
        tables = [
            name for (name,) in warehouse.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'ml' ORDER BY 1").fetchall()
        ]
        return [(name, *warehouse.execute(f"SELECT count(*), sum(hash(row_of)) FROM ml.{name} AS row_of").fetchall()[0]) for name in tables]
