"""The same questions to every registered suite: does each of its expectations pass on good rows, and fail on one bad row?"""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
import yaml

from expectations import gates
from expectations.base import Expectation, Suite
from expectations.masking import masked_key
from expectations.suites import SUITES, suite_for
from expectations.suites.sync import AUDIENCES
from orchestration.contract import INPUT_TABLES

MARTS = Path("dbt_project/models/marts")
ALL = [*SUITES.values(), *(suite_for(f"sync_{vendor}__{audience}") for audience in AUDIENCES for vendor in ("files", "webhook", "braze"))]

# Section 2 of the contract: what outside readers rely on.
PUBLISHED = {
    "dim_customers",
    "customer_identities",
    "fct_orders",
    "fct_subscription_months",
    "metric_mrr_movements",
    "metric_retention_monthly",
    "metric_cohort_retention",
    "metric_customer_clv",
    "fct_survey_responses",
    "metric_nps_monthly",
    "metric_csat_monthly",
    "fct_tickets",
    "metric_engagement_monthly",
    "metric_campaign_performance",
    "metric_referrals_monthly",
    "metric_feedback_themes_monthly",
    "dim_customer_segments",
    "fct_churn_scores",
    "fct_next_best_actions",
    "fct_action_candidates",
    "customer_360",
    "sync_log",
    "data_quality",
}

_TIMES = ("_at", "_date", "month", "_from", "_to", "period_start", "period_end")


def good_frame(suite: Suite) -> pd.DataFrame:
    """A few rows that meet every expectation, made from the suite itself."""
    rows = max((e.arguments["min_value"] for e in suite.expectations if e.kind == "ExpectTableRowCountToBeBetween"), default=2)
    return pd.DataFrame({column: [_value(suite, column, row) for row in range(max(2, rows))] for column in suite.closed or suite.columns})


def _value(suite: Suite, column: str, row: int) -> object:
    about = {e.kind: e.arguments for e in suite.expectations if column in e.columns}
    if "ExpectColumnValuesToBeInSet" in about:
        return about["ExpectColumnValuesToBeInSet"]["value_set"][0]
    height = _height(suite, column)
    if column.endswith(_TIMES):
        return datetime(2025, 1, 1) + timedelta(days=height, hours=row)
    if "ExpectColumnValuesToBeBetween" in about:
        bounds = about["ExpectColumnValuesToBeBetween"]
        return (bounds["min_value"] or 0) + height + (0.5 if bounds.get("strict_min") else 0)
    return height if "ExpectColumnPairValuesAToBeGreaterThanB" in about else f"{column}-{row}"


def _height(suite: Suite, column: str) -> int:
    """How many columns must lie below this one."""
    below = [e.arguments["column_B"] for e in suite.expectations if e.arguments.get("column_A") == column]
    return max((1 + _height(suite, other) for other in below), default=0)


def spoilt(frame: pd.DataFrame, expectation: Expectation) -> pd.DataFrame:
    """`frame` with its first row, or its shape, broken for this expectation."""
    kind, arguments = expectation.kind, expectation.arguments
    if kind == "ExpectTableRowCountToBeBetween":
        return frame.head(0)
    if kind == "ExpectTableColumnsToMatchSet":
        return frame.assign(email="ann@example.com")
    bad = frame.astype(dict.fromkeys(expectation.columns, object))
    if kind in ("ExpectColumnValuesToBeUnique", "ExpectCompoundColumnsToBeUnique"):
        bad.loc[0, list(expectation.columns)] = bad.loc[1, list(expectation.columns)]
    elif kind == "ExpectColumnPairValuesAToBeGreaterThanB":
        low = frame.loc[0, arguments["column_B"]]
        bad.loc[0, arguments["column_A"]] = low - (timedelta(days=1) if isinstance(low, datetime) else 1)
    else:
        bad.loc[0, arguments["column"]] = _BAD[kind](arguments)
    return bad.infer_objects()


_BAD = {
    "ExpectColumnValuesToNotBeNull": lambda _: None,
    "ExpectColumnValuesToBeInSet": lambda _: "no such value",
    "ExpectColumnValuesToBeBetween": lambda a: a["max_value"] + 1 if a["min_value"] is None else a["min_value"] - 1,
    "ExpectColumnValuesToNotMatchRegex": lambda _: "ann@example.com",
    "ExpectColumnMinToBeBetween": lambda _: datetime(1970, 1, 1),
}


def _told(value: object) -> str:
    return str(value).removesuffix(" 00:00:00")  # a day is a day


@pytest.mark.parametrize("suite", ALL, ids=lambda suite: suite.name)
def test_good_rows_pass_and_every_expectation_can_fail(suite):
    frame = good_frame(suite)
    assert {(result.expectation, result.status) for result in gates.validate(suite, frame)} == {
        (e.name, "passed") for e in suite.expectations
    }
    for expectation in suite.expectations:
        bad = spoilt(frame, expectation)
        (result,) = gates.validate(replace(suite, expectations=(expectation,)), bad)
        assert (result.expectation, result.status) == (expectation.name, "failed")
        shown = set(result.examples)
        keys = bad[list(suite.key)].astype(object).fillna("(missing)")
        assert shown <= {" | ".join(map(masked_key, suite.key, map(_told, row))) for row in keys.itertuples(index=False)}


@pytest.mark.parametrize("suite", ALL, ids=lambda suite: suite.name)
def test_a_suite_is_declared_well(suite):
    names = [expectation.name for expectation in suite.expectations]
    assert len(names) == len(set(names)), "two expectations of one name could not be told apart"
    assert suite.key
    for expectation in suite.expectations:
        assert expectation.protects.endswith(".")
        assert expectation.asks


@pytest.mark.parametrize("table", INPUT_TABLES.values(), ids=lambda table: table.name)
def test_landing_suites_know_the_contract(table):
    suite = SUITES[table.name]
    assert suite.gate == "landing"
    assert suite.key == table.key
    assert set(suite.columns) <= set(table.column_names)
    assert not [column for column in suite.columns if table.column(column).personal], "a gate needs no personal values"


def test_every_suite_is_in_the_file_of_its_table():
    assert {name: suite.table_name for name, suite in SUITES.items()} == {name: name for name in SUITES}
    assert set(INPUT_TABLES) | PUBLISHED <= set(SUITES)


def test_every_mart_has_a_suite_that_asks_for_columns_it_has():
    declared = {}
    for path in MARTS.rglob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            declared[model["name"]] = {column["name"] for column in model["columns"]}
    for name, columns in declared.items():
        suite = suite_for(name)
        assert set(suite.columns) <= columns, f"{name} lacks columns that its suite asks for"
        assert suite.closed is None or set(suite.closed) == columns, f"{name} sends other fields than were declared"
    assert {path.stem for path in MARTS.rglob("*.sql")} <= set(declared), "a mart without its yml"
    assert {name for name, suite in SUITES.items() if suite.gate != "landing"} <= set(declared), "a suite of a mart that is not there"


def test_a_table_without_a_suite_says_what_to_do():
    with pytest.raises(KeyError, match=r"add expectations/suites/fct_new\.py"):
        suite_for("fct_new")
    with pytest.raises(KeyError, match="add its fields"):
        suite_for("sync_files__vips")
