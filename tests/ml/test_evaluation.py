"""Metrics against scikit-learn, their intervals against truth, drift against arithmetic."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from ml.drift import psi
from ml.evaluation import difference, evaluate
from ml.recalibration import calibration


@pytest.fixture(scope="module")
def forecast() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    probability = np.round(random.beta(1, 4, 4000), 2)  # rounded, so that there are ties
    return (random.random(4000) < probability).astype(float), probability


def test_metrics_agree_with_scikit_learn(forecast):
    label, probability = forecast
    found = evaluate(label, probability, draws=50).set_index("metric")
    assert found.loc["roc_auc", "value"] == pytest.approx(roc_auc_score(label, probability))
    assert found.loc["pr_auc", "value"] == pytest.approx(average_precision_score(label, probability))
    assert found.loc["brier", "value"] == pytest.approx(((probability - label) ** 2).mean())
    assert (found["low"] <= found["value"]).all()
    assert (found["value"] <= found["high"]).all()
    assert found.loc["calibration_slope", "low"] < 1 < found.loc["calibration_slope", "high"]


def test_calibration_recovers_a_distorted_forecast():
    random = np.random.default_rng(1)
    log_odds = random.normal(size=60_000)
    label = random.random(60_000) < 1 / (1 + np.exp(-(0.5 * log_odds - 1)))
    assert calibration(label, log_odds) == pytest.approx((0.5, -1.0), abs=0.03)


def test_lift_is_one_when_everybody_scores_the_same(forecast):
    found = evaluate(forecast[0], np.full(4000, 0.2), draws=20).set_index("metric")["value"]
    assert found["lift_top_10"] == pytest.approx(1)
    assert found["roc_auc"] == 0.5
    assert np.isnan(found["calibration_slope"])


def test_a_better_forecast_is_told_from_an_equal_one(forecast):
    label, probability = forecast
    gain, low, _ = difference(label, probability, np.full(label.size, label.mean()))
    assert gain > low > 0
    assert difference(label, probability, probability) == (0, 0, 0)


def test_labels_other_than_0_and_1_are_errors():
    with pytest.raises(ValueError, match="0 or 1"):
        evaluate([0, 2], [0.1, 0.2])


def test_psi_by_hand_and_by_kind():
    then = pd.DataFrame({"plan": ["a"] * 500 + ["b"] * 500, "age": np.arange(1000.0)})
    same = psi(then, then.sample(frac=1, random_state=0)).set_index("column")
    assert same["psi"].tolist() == pytest.approx([0, 0], abs=1e-9)
    moved = psi(then, pd.DataFrame({"plan": ["a"] * 250 + ["b"] * 750, "age": np.arange(1000.0) + 500})).set_index("column")
    assert moved.loc["plan", "psi"] == pytest.approx(0.25 * np.log(1.5) - 0.25 * np.log(0.5), abs=0.002)
    assert moved.loc["age", "drift"] == "strong"
    assert moved.loc["plan", "drift"] == "strong"


def test_psi_sees_a_column_that_went_missing():
    then = pd.DataFrame({"x": np.arange(100.0)})
    assert psi(then, pd.DataFrame({"x": [np.nan] * 100})).loc[0, "drift"] == "strong"
