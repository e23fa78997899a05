"""A refused night has its page of checks, as a release has: what was asked, in words, and which rows broke it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from orchestration import refusing, releases
from orchestration.night import Night
from tests.orchestration.gates.test_drifting import night
from tests.orchestration.report.test_page import Outline, text_of


def result(expectation: str, status: str, observed: str, examples: list[str], unexpected: int | None = None) -> dict[str, Any]:
    told = {"suite": "mart:fct_orders", "expectation": expectation, "table_name": "fct_orders", "status": status, "observed": observed}
    return {
        **told,
        "success": status == "passed",
        "unexpected_count": unexpected,
        "severity": "block",
        "description": "Sums need it.",
        "examples": examples,
    }


def refused(folder: Path) -> tuple[Night, str]:
    """A night of which three expectations of one suite came out differently, and its page."""
    tonight = night(folder, date(2026, 1, 31))
    rows = [
        result("ColumnValuesToNotBeNull(order_id)", "failed", "12 of 90 values", [f"o{number}" for number in range(10)], 12),
        result("CompoundColumnsToBeUnique(source, order_id)", "errored", "could not be evaluated: KeyError", []),
        result("ColumnValuesToBeInSet(order_kind)", "not_run", "there were no values", []),
    ]
    with tonight.warehouse(begins=True) as connection:
        tonight.record(connection, "mart", rows)
    error = refusing.refused(tonight, "mart gate", ["fct_orders: order_id is missing"])
    assert str(error) == "mart gate: fct_orders: order_id is missing"
    return tonight, refusing.page(tonight.home).read_text(encoding="utf-8")


def test_every_state_has_its_name_and_a_failure_its_rows(tmp_path: Path) -> None:
    text = text_of(refused(tmp_path)[1])
    assert "Passed 0 Warned 0 Failed 1 Errored 1 Did not run 1" in text
    assert "order_id is there Failed blocks broke 1 of 1 It was broken by 12 rows." in text
    assert "It was broken by 12 rows. Such as o0, o1, o2, o3, o4, o5, o6, o7, o8, o9. 12 of 90 values. Sums need it." in text
    assert "source, order_id together are unique Errored blocks" in text


def test_it_says_that_the_night_was_refused_and_by_what(tmp_path: Path) -> None:
    tonight, page = refused(tmp_path)
    text = text_of(page)
    assert "Checks as of 31 January 2026" in text
    assert "The night for 2026-01-31 was refused. It stopped at the mart gate: fct_orders: order_id is missing" in text
    assert "Nothing was published; what was served before still is." in text
    assert f"Run {tonight.run_id} , refused" in text
    assert Outline(page).open == []
    assert releases.refusals(tonight.home.root)[-1].stage == "mart gate"


def test_it_is_its_owners_alone(tmp_path: Path) -> None:
    tonight, _ = refused(tmp_path)
    assert refusing.page(tonight.home).stat().st_mode & 0o077 == 0
