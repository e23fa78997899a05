"""What a gate lets pass is told when the night ends: a broken source looks like drift, and a night that only warns is published."""

from __future__ import annotations

from dataclasses import replace

from expectations.base import CheckResult
from orchestration.gates import doubts

DRIFT = CheckResult(
    "mart:drift", "Drift(country)", "dim_customers", "failed", False, "PSI 8.03, 0.25 allowed", None, "warn", "Rather a broken source."
)


def test_a_column_that_has_drifted_is_named() -> None:
    kept = [replace(DRIFT, status="passed"), replace(DRIFT, status="not_run"), replace(DRIFT, expectation="ColumnValuesToBeBetween(nps)")]
    assert list(doubts.of_marts([*kept, DRIFT])) == ["dim_customers.country has drifted: PSI 8.03, 0.25 allowed"]


def test_a_past_that_changed_is_told_where_it_stops_nothing() -> None:
    """That it is refused stands in the refusal; a company that is being set up, or one that accepts it, should hear of it all the same."""
    changed = replace(DRIFT, suite="mart:rewritten", expectation="Rewritten(country)", observed="91.00% of 1,000 rows say otherwise")
    told = list(doubts.of_marts([changed, replace(changed, severity="block"), replace(changed, status="passed")]))
    assert told == ["dim_customers.country: 91.00% of 1,000 rows say otherwise"]


def test_of_landing_the_doubts_are_about_values_not_about_how_much_came_or_when() -> None:
    odd = replace(DRIFT, suite="landing:values", table_name="crm_tickets", expectation="ToBeBetween(text)", observed="3 of 9")
    quiet = [replace(odd, suite="landing:volume"), replace(odd, suite="landing:freshness"), replace(odd, severity="block")]
    assert list(doubts.of_landing([odd, *quiet])) == ["crm_tickets: 3 of 9 of text: Rather a broken source."]
    assert list(doubts.of_landing([replace(odd, suite="landing:references")])) == ["3 of 9: Rather a broken source."]


def test_a_warning_that_could_not_be_evaluated_is_told_and_a_blocking_one_is_the_refusals() -> None:
    """It was on the page alone: nobody looked, and nobody heard of it."""
    errored = replace(DRIFT, status="errored", expectation="ColumnValuesToBeBetween(status)", observed="not evaluated (TypeError)")
    for told in (doubts.of_landing, doubts.of_marts):
        assert list(told([errored, replace(errored, severity="block")])) == [
            "dim_customers: 'status is in its range' errored: not evaluated (TypeError). Rather a broken source."
        ]
