"""The page of checks: what was asked, what was found, how it held in nights before, each state by its own name."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration import report
from tests.orchestration.report.test_page import Outline, release_of, text_of

ROWS = """CREATE OR REPLACE TABLE marts.data_quality AS
FROM (VALUES
    (DATE '2026-01-29', 'mart:fct_orders', 'ColumnValuesToNotBeNull(order_id)', 'fct_orders', 'failed', false, '', 3, 'block', 'Sums need it.'),
    (DATE '2026-01-30', 'mart:fct_orders', 'ColumnValuesToNotBeNull(order_id)', 'fct_orders', 'passed', true, '0 of 9 values', 0, 'block', 'Sums need it.'),
    (DATE '2026-01-31', 'mart:fct_orders', 'ColumnValuesToNotBeNull(order_id)', 'fct_orders', 'passed', true, '0 of 9 values', 0, 'block', 'Sums need it.'),
    (DATE '2026-01-31', 'mart:fct_orders', 'CompoundColumnsToBeUnique(source, order_id)', 'fct_orders', 'errored', false, 'no column', NULL, 'block', 'Twice.'),
    (DATE '2026-01-31', 'landing:crm_tickets', 'ColumnValuesToBeInSet(status)', 'crm_tickets', 'not_run', NULL, 'there were no rows', NULL, 'warn', 'A list.'),
    (DATE '2026-01-31', 'dbt:before_models', 'opening plus movements is closing', 'metric_mrr_movements', 'failed', false, '', 2, 'warn', NULL)
) AS t(as_of_date, suite, expectation, table_name, status, success, observed, unexpected_count, severity, description)"""  # noqa: E501


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    release = release_of(tmp_path_factory.mktemp("checks") / "full", script=ROWS)
    return report.render_checks(release, company="Acme & Söhne")


def test_every_state_is_counted_by_its_own_name(page: str) -> None:
    assert "Checks as of 31 January 2026" in text_of(page)
    assert "Passed 1 Warned 1 Failed 0 Errored 1 Did not run 1" in text_of(page)


def test_an_expectation_is_a_sentence_with_its_history(page: str) -> None:
    text = text_of(page)
    assert "order_id is there Passed blocks broke 1 of 3 It last broke on 29 January 2026. 0 of 9 values. Sums need it." in text
    assert "source, order_id together are unique Errored blocks broke 1 of 1 no column. Twice." in text
    assert "status is one of its list Did not run warns – there were no rows. A list." in text
    assert "opening plus movements is closing Warned warns broke 1 of 1 It was broken by 2 rows." in text


def test_gates_stand_in_the_order_of_the_night(page: str) -> None:
    headings = ("Landing gate", "dbt: staging to marts", "Mart gate", "dbt: scores and audiences", "Audience gate")
    places = [page.index(f'-title">{heading}<') for heading in headings]
    assert places == sorted(places)
    assert text_of(page).count("Nothing was asked here.") == 2


def test_what_is_wrong_stands_first_in_its_table(page: str) -> None:
    assert page.index("together are unique") < page.index("order_id is there")


def test_it_is_well_formed_and_nothing_is_fetched(page: str) -> None:
    assert Outline(page).open == []
    assert "http" not in page.replace("http-equiv", "")


def test_a_release_without_checks_says_so(tmp_path: Path) -> None:
    text = text_of(report.render_checks(release_of(tmp_path / "none", empty=("data_quality",)), company="A"))
    assert "Passed 0 Warned 0 Failed 0" in text
    assert text.count("Nothing was asked here.") == 5


def test_expectations_of_all_suites_have_sentences() -> None:
    from expectations.suites import SUITES
    from expectations.wording import SENTENCES

    kinds = {one.kind.removeprefix("Expect") for suite in SUITES.values() for one in suite.expectations}
    assert kinds - set(SENTENCES) == set()
