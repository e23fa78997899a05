"""Whoever lands again after a lift is in the months of then once more: `data_erasures` reconciles then with now, to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration import landing, releases, settings, warehouse
from orchestration.__main__ import main
from orchestration.contract import INPUT_TABLES
from orchestration.home import Home
from orchestration.privacy import returning

pytestmark = pytest.mark.thorough


CONFIG = """company: {name: Acme, business_model: contractual, reporting_currency: USD}
sources: [{type: files, path: exports}]
home: home
"""
PEOPLE = "customer_id,created_at,email\nback-01,2026-01-01,ann@gmail.com\nstays-2,2026-01-02,bob@x.example\n"
ANSWERS = "response_id,email,metric,score,scale_min,scale_max,responded_at\nstray,ann@gmail.com,nps,9,0,10,2026-02-01\n"
# Order, customer, day, amount; the last one was made after the erasure.
ORDERS = [("o1", "back-01", "2026-02-03", "10.10"), ("o2", "back-01", "2026-03-04", "20.20"), ("o3", "stays-2", "2026-02-05", "5")]
LATER = ("o4", "back-01", "2026-03-30", "99")
NIGHT, LATER_NIGHT = date(2026, 3, 15), date(2026, 3, 31)
JUDGED = {"run_id": "r", "code_version": "1", "config_hash": "c", "models": {}, "sources": [], "checks": []}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a release, in which two people are customers."""
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "crm_customers.csv").write_text(PEOPLE)
    (tmp_path / "exports" / "survey_responses.csv").write_text(ANSWERS)
    made = Home(tmp_path / "home")
    made.prepare()
    night(made, ORDERS, NIGHT)
    return made


def night(home: Home, orders: list[tuple[str, str, str, str]], as_of: date) -> None:
    """Land, make the marts that an erasure counts of whoever landed, settle what was lifted, publish."""
    loaded, gone = settings.load(home.root.parent / "config.yaml", {}), landing.Tombstones(home.erasures)
    loads = landing.extract(loaded.ready(loaded.sources[0]), INPUT_TABLES.values(), home.landing, home.state / "dlt", tombstones=gone)
    assert [load.error for load in loads if load.error] == []
    with warehouse.connect(home.warehouse) as connection:
        warehouse.prepare(connection)
        warehouse.expose_landing(connection, landing.completed_files(home.landing))
        connection.execute("CREATE SCHEMA IF NOT EXISTS intermediate; CREATE SCHEMA IF NOT EXISTS marts")
        here = "SELECT DISTINCT customer_id FROM landing.crm_customers WHERE NOT _is_deleted"
        spans = f"""SELECT 'files' AS source_name, 'crm' AS record_type, customer_id AS source_customer_id,
            'k-' || customer_id AS customer_key, NULL::DATE AS valid_to, 'files' AS source FROM ({here}) AS here"""
        connection.execute(f"CREATE OR REPLACE TABLE intermediate.int_identity_spans AS {spans}")
        connection.execute(f"CREATE OR REPLACE TABLE marts.customer_identities AS {spans}")
        connection.execute(
            "CREATE OR REPLACE TABLE marts.fct_orders (order_id VARCHAR, customer_key VARCHAR, ordered_at TIMESTAMP,"
            " net_amount_reporting DECIMAL(18, 2))"
        )
        for order in orders:
            connection.execute(f"INSERT INTO marts.fct_orders SELECT $1, 'k-' || $2, $3, $4 WHERE $2 IN ({here})", list(order))
        connection.execute("""CREATE OR REPLACE TABLE marts.fct_survey_responses AS
            SELECT response_id, NULL::VARCHAR AS customer_key, metric, responded_at FROM landing.survey_responses WHERE NOT _is_deleted""")
        connection.execute(
            "CREATE OR REPLACE TABLE marts.data_erasures (month DATE, measure VARCHAR, amount DECIMAL(28, 6), as_of_date DATE)"
        )
        returning.settle(home, connection, as_of)
    releases.publish(releases.build(home.warehouse, home.root, as_of=as_of, **JUDGED))


def command(home: Home, *arguments: str, ends: int = 0) -> None:
    assert main(["erase", *arguments, "--yes", "--config", str(home.root.parent / "config.yaml")]) == ends


def sums(home: Home) -> dict[tuple[str, str], Decimal]:
    """(month, measure) → amount that is published as gone."""
    with duckdb.connect(str(home.root / "serving" / "rapport.duckdb"), read_only=True) as marts:
        return {(str(month)[:7], measure): amount for month, measure, amount, _ in marts.execute("FROM marts.data_erasures").fetchall()}


def remembered(home: Home) -> dict[tuple[str, str], Decimal]:
    return {(month[:7], measure): Decimal(amount) for month, measure, amount in returning.remainder.total(home.erasures)}


ANN = {
    ("2026-02", "orders"): Decimal(1),
    ("2026-02", "net_amount_reporting"): Decimal("10.10"),
    ("2026-02", "nps_responses"): Decimal(1),
    ("2026-03", "orders"): Decimal(1),
    ("2026-03", "net_amount_reporting"): Decimal("20.20"),
}


def test_whoever_is_back_is_no_longer_among_those_who_left(home: Home) -> None:
    command(home, "--customer", "back-01")
    assert remembered(home) == ANN
    command(home, "--lift", "--customer", "back-01")
    night(home, [*ORDERS, LATER], LATER_NIGHT)
    assert sums(home) == remembered(home) == {}
    night(home, [*ORDERS, LATER], LATER_NIGHT)
    assert remembered(home) == {}


def test_what_the_sources_have_changed_meanwhile_stays_as_the_difference(home: Home) -> None:
    command(home, "--customer", "back-01")
    command(home, "--lift", "--customer", "back-01")
    night(home, [("o1", "back-01", "2026-02-03", "10.00"), *ORDERS[2:]], LATER_NIGHT)
    assert sums(home) == {
        ("2026-02", "net_amount_reporting"): Decimal("0.10"),
        ("2026-03", "orders"): Decimal(1),
        ("2026-03", "net_amount_reporting"): Decimal("20.20"),
    }


def test_of_two_who_left_one_comes_back(home: Home) -> None:
    for name in ("back-01", "stays-2"):
        command(home, "--customer", name)
    command(home, "--lift", "--customer", "back-01")
    night(home, ORDERS, LATER_NIGHT)
    assert sums(home) == {("2026-02", "orders"): Decimal(1), ("2026-02", "net_amount_reporting"): Decimal(5)}


def test_whoever_was_never_published_is_not_taken_off(home: Home) -> None:
    (home.root / "releases" / "current").unlink()
    command(home, "--customer", "back-01")
    command(home, "--lift", "--customer", "back-01")
    night(home, ORDERS, LATER_NIGHT)
    assert sums(home) == {}


def test_a_lift_that_was_stopped_and_repeated_is_booked_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    command(home, "--customer", "back-01")
    with monkeypatch.context() as patched:
        patched.setattr(landing.Tombstones, "remove", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        command(home, "--lift", "--customer", "back-01", ends=1)
    night(home, ORDERS, LATER_NIGHT)
    assert remembered(home) == ANN
    command(home, "--lift", "--customer", "back-01")
    night(home, ORDERS, LATER_NIGHT)
    assert remembered(home) == {}


def test_whoever_is_erased_and_lifted_twice_is_booked_twice(home: Home) -> None:
    for _ in range(2):
        command(home, "--customer", "back-01")
        assert remembered(home) == ANN
        command(home, "--lift", "--customer", "back-01")
        night(home, ORDERS, LATER_NIGHT)
        assert remembered(home) == {}
