"""What is published was done whole, in its order: a table that is built alone, and a model that is left out, stop the release."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration import settings
from orchestration.assets import publish
from orchestration.home import Home
from orchestration.night import Night
from orchestration.warehouse import standing

HELD = {"table_name": "t", "status": "passed", "success": True, "severity": "block", "observed": "", "unexpected_count": 0}
GATES = ("landing", "dbt:before_models", "mart", "dbt:after_models", "audience")


@pytest.fixture
def night(tmp_path: Path) -> Night:
    config = tmp_path / "config.yaml"
    config.write_text("company: {name: A, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\n")
    home = Home(tmp_path / "home")
    home.prepare()
    return Night(settings.load(config, {"RAPPORT_HOME": str(home.root)}), home, date(2026, 1, 31), "run")


@pytest.fixture
def whole(night: Night) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of a night of which every step was done and every gate has held."""
    with night.warehouse(begins=True) as connection:
        for step in standing.STEPS:
            standing.stand(connection, step)
        judge(night, connection, *GATES)
        yield connection


def judge(night: Night, connection: duckdb.DuckDBPyConnection, *suites: str) -> None:
    for suite in suites:
        night.record(connection, suite, [{"suite": suite, "expectation": "e", "description": "", "examples": [], **HELD}])


def test_a_whole_night_is_published(whole: duckdb.DuckDBPyConnection) -> None:
    assert publish._objections(whole) == []


def test_a_table_that_was_built_alone_is_not_published_on_the_word_of_its_own_tests(night: Night, whole: duckdb.DuckDBPyConnection) -> None:
    """The tests of all other tables are forgotten with it, those that had failed too."""
    night.forget_later(whole, "before_models")
    judge(night, whole, *GATES)  # dbt ran the tests of the one table; the gates ran after it
    for step in standing.STEPS[1:]:
        standing.stand(whole, step)
    assert publish._objections(whole) == ["before_models: not done whole for this night, or before what it builds on; run the night again"]


def test_a_model_that_was_left_out_stops_the_release(night: Night, whole: duckdb.DuckDBPyConnection) -> None:
    """Its scores are those of before what they were made of was built anew."""
    night.forget_later(whole, "before_models")
    judge(night, whole, *GATES)
    for step in ("before_models", "clv_scores", "decisions", "after_models"):
        standing.stand(whole, step)
    assert standing.lacking(whole) == ["churn_scores"]


@pytest.mark.parametrize("step", standing.STEPS)
def test_what_builds_on_a_step_has_to_follow_it(whole: duckdb.DuckDBPyConnection, step: str) -> None:
    standing.stand(whole, step)
    assert standing.lacking(whole) == list(standing.STEPS[standing.STEPS.index(step) + 1 :])


def test_another_night_begins_with_nothing_done(whole: duckdb.DuckDBPyConnection, night: Night) -> None:
    whole.close()
    with night.warehouse(begins=True) as connection:
        assert standing.lacking(connection) == list(standing.STEPS)
