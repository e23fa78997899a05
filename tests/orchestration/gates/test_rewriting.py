"""A past that was rewritten overnight is refused, once a company has run for a week; new rows and months that differ are not."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from expectations.base import CheckResult, blocking
from expectations.past import PAST
from expectations.rewriting import HISTORY, check_rewritten
from orchestration import releases
from orchestration.gates import rewriting
from tests.orchestration.gates.test_drifting import FACTS, night

FIRST = date(2026, 1, 1)
# A thousand orders at 100 to 196 and a hundred that cost nothing; from `since` on what they say may change.
ORDERS = """SELECT 'files' AS source, 'o' || i AS order_id, 'invoice' AS order_kind, {currency} AS currency,
    CAST({amount} AS DECIMAL(18, 4)) AS net_amount_reporting FROM range({rows}) t(i)"""
USUAL = ORDERS.format(currency="'USD'", amount="CASE WHEN i % 11 = 0 THEN 0 ELSE 100 + i % 97 END", rows=1100)


def orders(amount: str = "CASE WHEN i % 11 = 0 THEN 0 ELSE 100 + i % 97 END", currency: str = "'USD'", rows: int = 1100) -> str:
    return ORDERS.format(currency=currency, amount=amount, rows=rows)


def judged(folder: Path, number: int, query: str, accepted: tuple[str, ...] = ()) -> dict[str, CheckResult]:
    """The night `number` days after the first, which is then published unless it is refused."""
    tonight = night(folder, FIRST + timedelta(days=number))
    with tonight.warehouse(begins=True) as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS marts; CREATE OR REPLACE TABLE marts.fct_orders AS {query}")
        found = check_rewritten("mart", rewriting.measure(tonight, connection, ["fct_orders", "fct_tickets"]), 0.25, accepted)
    if not blocking(found):
        releases.publish(releases.build(tonight.home.warehouse, tonight.home.root, as_of=tonight.as_of, **FACTS))
    return {one.expectation: one for one in found}


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company whose first release was followed by HISTORY nights, each with some rows more."""
    folder = tmp_path_factory.mktemp("week")
    for number in range(HISTORY + 1):
        found = judged(folder, number, orders(rows=1100 + number))
        assert {one.status for one in found.values()} == ({"passed"} if number else {"not_run"})
    return folder


@pytest.fixture
def after_a_week(week: Path, tmp_path: Path) -> Path:
    """A copy of that company, of whose nights the next is number HISTORY + 1."""
    shutil.copytree(week, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path


@pytest.mark.parametrize(
    ("amount", "share"),
    [
        ("CASE WHEN i % 11 = 0 THEN 0 ELSE 1000 * (100 + i % 97) END", "100.00%"),  # dollars read as tenths of cents
        ("0", "100.00%"),
        ("CASE WHEN i % 11 = 0 THEN 0 ELSE -100 - i % 97 END", "100.00%"),
        ("CASE WHEN i % 2 = 0 THEN NULL ELSE 100 + i % 97 END", "52.38%"),  # 500 of the 1,000, and 50 that cost nothing before
    ],
)
def test_another_unit_sign_or_nothing_at_all_refuses_the_night(after_a_week: Path, amount: str, share: str) -> None:
    found = judged(after_a_week, HISTORY + 1, orders(amount))
    changed = found["Rewritten(net_amount_reporting)"]
    assert (changed.status, changed.severity, changed.table_name, changed.suite) == ("failed", "block", "fct_orders", "mart:rewritten")
    assert changed.observed.startswith(share)
    assert changed.observed.endswith(
        " rows say otherwise than in the release of 2026-01-08, 25.00% allowed; at most 0.00% in the 7 nights before"
    )
    assert found["Rewritten(currency)"].status == "passed"


def test_the_refused_night_run_again_with_the_mended_source_passes(after_a_week: Path) -> None:
    judged(after_a_week, HISTORY + 1, orders("1000 * (100 + i % 97)"))
    assert {one.status for one in judged(after_a_week, HISTORY + 1, USUAL).values()} == {"passed"}
    after = judged(after_a_week, HISTORY + 2, USUAL)
    assert after["Rewritten(net_amount_reporting)"].observed.endswith("at most 0.00% in the 8 nights before")


def test_a_change_that_is_accepted_by_name_is_told_and_published(after_a_week: Path) -> None:
    found = judged(after_a_week, HISTORY + 1, orders(currency="'EUR'"), ("fct_orders.currency",))
    changed = found["Rewritten(currency)"]
    assert (changed.status, changed.severity) == ("failed", "warn")
    assert changed.observed.endswith("; accepted by name")
    assert {one.status for one in judged(after_a_week, HISTORY + 2, orders(currency="'EUR'")).values()} == {"passed"}


def test_a_company_that_is_being_set_up_is_told_and_not_stopped(tmp_path: Path) -> None:
    judged(tmp_path, 0, orders("(100 + i % 97) * 100"))
    found = judged(tmp_path, 1, USUAL)
    changed = found["Rewritten(net_amount_reporting)"]
    assert (changed.status, changed.severity) == ("failed", "warn")


@pytest.mark.parametrize(
    "query",
    [
        orders("CASE WHEN i < 1100 THEN 100 + i % 97 ELSE 90000 END", rows=9000),  # yearly invoices of January, or a source that joins
        f"FROM ({USUAL}) WHERE order_id < 'o3'",  # a source that leaves
        orders("CASE WHEN i % 11 = 0 THEN 0 ELSE 1.3 * (100 + i % 97) END"),  # a rate that was corrected
        orders("CASE WHEN i % 11 = 0 THEN 0 WHEN i % 10 = 0 THEN 1 ELSE 100 + i % 97 END"),  # some credit notes
    ],
)
def test_what_the_world_does_to_numbers_refuses_nothing(after_a_week: Path, query: str) -> None:
    assert {one.status for one in judged(after_a_week, HISTORY + 1, query).values()} == {"passed"}


def test_a_column_that_fills_up_was_not_known_before(tmp_path: Path) -> None:
    for number in range(HISTORY + 1):
        judged(tmp_path, number, orders(currency="NULL::VARCHAR"))
    found = judged(tmp_path, HISTORY + 1, USUAL)["Rewritten(currency)"]
    assert (found.status, found.observed) == ("not_run", "fewer than 200 rows that both nights have tell nothing")


def test_a_release_that_was_rolled_back_is_no_measure(after_a_week: Path) -> None:
    """Else the night that mends what it said would be refused for mending it."""
    home = night(after_a_week, FIRST).home.root
    good = releases.current(home).id
    judged(after_a_week, HISTORY + 1, orders("1000 * (100 + i % 97)"), ("fct_orders.net_amount_reporting",))
    assert releases.current(home).id > good
    releases.rollback(home, good)
    assert {one.status for one in judged(after_a_week, HISTORY + 2, USUAL).values()} == {"passed"}


def test_everything_that_is_compared_is_a_column_of_a_mart() -> None:
    import json

    from orchestration import dbt

    nodes = json.loads(dbt.manifest_path().read_text(encoding="utf-8"))["nodes"].values()
    columns = {node["name"]: set(node["columns"]) for node in nodes if node["resource_type"] == "model"}
    for table, past in PAST.items():
        assert {*past.key, *past.columns} <= columns[table], table
