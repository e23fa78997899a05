"""Drift from the last release: told with its index, its history and its reference, or with why it cannot be told."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expectations.base import CheckResult
from expectations.drift import WATCHED, check_drift
from orchestration import dbt, releases, settings
from orchestration.gates import drifting
from orchestration.home import Home
from orchestration.night import Night

CONFIG = "company: {name: A, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\n"
FACTS: dict[str, Any] = {"run_id": "r", "code_version": "c", "config_hash": "h", "models": [], "sources": [], "checks": {}}
# Half of the customers from either country, probabilities spread evenly.
USUAL = """SELECT 'k' || i AS customer_key, (i % 1000) / 1000.0 AS churn_probability, ['low', 'high'][1 + i % 2] AS risk_band
    FROM range(1000) t(i)"""
MOVED = USUAL.replace("(i % 1000) / 1000.0", "0.5 + (i % 1000) / 2000.0")


def night(folder: Path, as_of: date) -> Night:
    (folder / "config.yaml").write_text(CONFIG)
    home = Home(folder / "home")
    home.prepare()
    return Night(settings.load(folder / "config.yaml", {"RAPPORT_HOME": str(home.root)}), home, as_of, f"run-{as_of}")


def judged(folder: Path, day: int, scores: str) -> dict[str, CheckResult]:
    """The night of January `day` with `scores`, which is then published."""
    tonight = night(folder, date(2026, 1, day))
    with tonight.warehouse(begins=True) as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS marts; CREATE OR REPLACE TABLE marts.fct_churn_scores AS {scores}")
        found = check_drift("audience", drifting.measure(tonight, connection, ["fct_churn_scores", "fct_action_candidates"]), 0.25)
    releases.publish(releases.build(tonight.home.warehouse, tonight.home.root, as_of=tonight.as_of, **FACTS))
    return {one.expectation: one for one in found}


def test_before_the_second_release_nothing_can_be_told(tmp_path: Path) -> None:
    found = judged(tmp_path, 1, USUAL)
    assert set(found) == {"Drift(churn_probability)", "Drift(risk_band)"}
    assert {(one.status, one.success) for one in found.values()} == {("not_run", None)}
    assert found["Drift(risk_band)"].observed == "there is no release of an earlier day to compare with"


def test_a_distribution_that_jumped_warns_and_one_that_did_not_passes(tmp_path: Path) -> None:
    for day in (1, 2, 3):
        judged(tmp_path, day, USUAL)
    found = judged(tmp_path, 4, MOVED)
    jumped, stayed = found["Drift(churn_probability)"], found["Drift(risk_band)"]
    assert (jumped.status, jumped.severity, jumped.table_name, jumped.suite) == ("failed", "warn", "fct_churn_scores", "audience:drift")
    assert jumped.observed.startswith("PSI ")
    assert jumped.observed.endswith(" against the release of 2026-01-03, 0.25 allowed; at most 0 in the 2 nights before")
    assert stayed.status == "passed"


def test_a_night_run_again_is_judged_by_the_same_release(tmp_path: Path) -> None:
    judged(tmp_path, 1, USUAL)
    once = judged(tmp_path, 2, MOVED)
    judged(tmp_path, 3, USUAL)
    assert judged(tmp_path, 2, MOVED) == once
    assert once["Drift(churn_probability)"].status == "failed"


def test_few_rows_tell_nothing(tmp_path: Path) -> None:
    judged(tmp_path, 1, USUAL)
    found = judged(tmp_path, 2, MOVED.replace("range(1000)", "range(150)"))
    assert {one.observed for one in found.values()} == {"fewer than 200 rows tell nothing"}


def test_a_column_that_cannot_be_compared_says_so(tmp_path: Path) -> None:
    judged(tmp_path, 1, USUAL.replace("['low', 'high'][1 + i % 2] AS risk_band", "NULL AS other"))
    lacked = judged(tmp_path, 2, USUAL.replace("['low', 'high'][1 + i % 2]", "NULL::VARCHAR"))["Drift(risk_band)"]
    assert (lacked.status, lacked.observed) == ("not_run", "the release of 2026-01-01 has no such column")


def test_of_facts_only_the_newest_month_counts(tmp_path: Path) -> None:
    """A year of history would hide that yesterday's prices are a hundred times too high."""
    orders = """SELECT 'USD' AS currency, 'invoice' AS order_kind, DATE '{last}' - (i % 360)::INT AS ordered_at,
        (1 + i % 97) * CASE WHEN i % 360 < 25 THEN {times} ELSE 1 END AS net_amount_reporting FROM range(7200) t(i)"""
    for day, times in ((1, 1), (2, 100)):
        tonight = night(tmp_path, date(2026, 1, day))
        with tonight.warehouse(begins=True) as connection:
            query = orders.format(last=f"2026-01-0{day}", times=times)
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS marts; CREATE OR REPLACE TABLE marts.fct_orders AS {query}")
            found = check_drift("mart", drifting.measure(tonight, connection, ["fct_orders"]), 0.25)
        releases.publish(releases.build(tonight.home.warehouse, tonight.home.root, as_of=tonight.as_of, **FACTS))
    status = {one.expectation: one.status for one in found}
    assert status["Drift(net_amount_reporting)"] == "failed"
    assert status["Drift(currency)"] == "passed"


def test_two_samples_of_one_distribution_are_far_below_the_limit() -> None:
    """What is left is noise: about nine over the rows of either side."""
    from ml.drift import psi

    noise = [float(psi(*(frame(seed) for seed in (2 * draw, 2 * draw + 1)))["psi"].iloc[0]) for draw in range(50)]
    assert np.mean(noise) == pytest.approx(9 * 2 / drifting.FEWEST_ROWS, rel=0.35)
    assert max(noise) < 0.25


def frame(seed: int) -> Any:
    import pandas as pd

    return pd.DataFrame({"value": np.random.default_rng(seed).normal(size=drifting.FEWEST_ROWS)})


def test_everything_watched_is_a_column_of_a_mart() -> None:
    nodes = json.loads(dbt.manifest_path().read_text(encoding="utf-8"))["nodes"].values()
    columns = {node["name"]: set(node["columns"]) for node in nodes if node["resource_type"] == "model"}
    for table, watched in WATCHED.items():
        assert {*watched.columns, *([watched.day] if watched.day else [])} <= columns[table], table
