"""Whether models of lifetime value keep pace with what happens, all customers together."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.clv import fit_bgnbd
from ml.clv.forecasts import judge
from ml.clv.tracking import tracked
from ml.nightly import clv_survivors as survivors
from ml.nightly.tables import Run

END, WHOLE = pd.Timestamp("1997-09-30"), pd.Timestamp("1998-06-30")


@pytest.fixture(scope="module")
def fitted(cdnow):
    return fit_bgnbd(cdnow["frequency"], cdnow["recency"], cdnow["T"])


def _returned(purchase_days: pd.DataFrame, until: pd.Timestamp) -> pd.DataFrame:
    later = purchase_days[(purchase_days["repeat"] > 0) & (purchase_days["day"] <= until)]
    return later.groupby((until - later["day"]).dt.days).size().rename("repeat_purchases").rename_axis("days_ago").reset_index()


def test_bgnbd_tracks_cdnow_through_its_holdout(cdnow, purchase_days, fitted):
    ages = cdnow["T"].to_numpy() * 7 + (WHOLE - END).days
    curve = tracked(fitted, np.round(ages), _returned(purchase_days, WHOLE))
    assert curve["days_ago"].iloc[-1] == 0
    assert (curve["days_ago"] % 14 == 0).all()
    assert curve[["expected", "actual"]].diff().iloc[1:].min().min() >= 0
    at_the_end = curve.iloc[-1]
    assert at_the_end["actual"] == (purchase_days["repeat"] > 0).sum()
    assert at_the_end["expected"] / at_the_end["actual"] == pytest.approx(0.96, abs=0.005)  # 4 % under after 78 weeks, as in the paper
    far = curve[curve["days_ago"] < 470]
    assert (far["expected"] / far["actual"]).between(0.8, 1.2).all()


def test_the_expectation_is_a_sum_over_customers(fitted):
    ages = np.array([3, 3, 40])
    curve = tracked(fitted, ages, pd.DataFrame({"days_ago": [1, 30], "repeat_purchases": [2, 5]})).set_index("days_ago")
    assert list(curve.index) == [35, 28, 21, 14, 7, 0]
    by_hand = fitted.expected_purchases(np.array([3, 3, 40]) / 7, 0, 0, 0).sum()
    assert curve.loc[0, "expected"] == pytest.approx(by_hand)
    assert curve.loc[7, "expected"] == pytest.approx(float(fitted.expected_purchases(33 / 7, 0, 0, 0)))
    assert curve["actual"].tolist() == [0, 5, 5, 5, 5, 7]


def test_departures_are_counted_month_by_month():
    stay = {"segment": "month", "age_months": 10, "tenure_months": 10, "ended_months_ago": np.nan, "ended": False}
    left = stay | {"tenure_months": 7, "ended_months_ago": 2, "ended": True}
    then, run = survivors.standing(pd.DataFrame([stay, left]), 4), Run("clv_contractual", date(2026, 1, 31))
    survivors.measure_tracking(run, then, lambda _, tenure, ahead: 0.5**ahead, 4)
    told = {row["metric"]: row["value"] for row in run.measured}
    assert told["holdout_days"] == 122
    days = [name.split("_")[1] for name in told if name.endswith("_expected")]
    assert days == ["2025-10-01", "2025-11-01", "2025-12-01", "2026-01-01", "2026-01-31"]
    assert [told[f"tracking_{day}_expected"] for day in days] == [0, 1, 1.5, 1.75, 1.875]
    assert [told[f"tracking_{day}_actual"] for day in days] == [0, 0, 1, 1, 1]


def test_a_forecast_that_tells_nobody_apart_ranks_nobody():
    found = judge([1.0, 2.0, 3.0], [0.0, 1.0, 5.0], [1.0, 1.0, 1.0]).set_index("metric")["value"]
    assert found["spearman"] == found["normalised_gini"] == 1
    assert np.isnan(found["spearman_naive"])
    assert np.isnan(found["normalised_gini_naive"])
    assert found["total_naive"] == 3
