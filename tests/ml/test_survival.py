"""Survival as a candidate for churn: it finds the hazards that made the data, and scores and explains as exactly as the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import check_grad

from ml.additive.survival import leaving, log_odds
from ml.churn import ChurnModel, selection, train
from ml.churn.candidates import CANDIDATES
from ml.churn.survival import _loss, fit_survival, months_of

BASE, SLOPE = np.array([0.02, 0.04, 0.06]), np.array([0.8, -0.5, 0.0])


def _lives(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Columns, and the month in which each left: drawn from the hazards BASE · exp(x · SLOPE)."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 3))
    month = np.zeros(rows, dtype=np.int64)
    for k, base in enumerate(BASE, start=1):
        month[(month == 0) & (random.random(rows) < -np.expm1(-base * np.exp(x @ SLOPE)))] = k
    return x, month


def test_the_hazards_that_made_the_data_are_found():
    x, month = _lives(40_000)
    fitted = fit_survival(x, month, 1000.0)
    assert fitted.coefficients == pytest.approx(SLOPE, abs=0.04)
    assert np.exp(fitted.base) * fitted.shares == pytest.approx(BASE, rel=0.1)
    score = fitted.base + x @ fitted.coefficients
    curve = fitted.staying(score)
    assert curve[:, -1] == pytest.approx(1 - leaving(score))
    left_by = [(month[month > 0] <= k).sum() / month.size for k in (1, 2, 3)]
    assert 1 - curve.mean(axis=0) == pytest.approx(left_by, abs=0.003)
    assert 1 / (1 + np.exp(-log_odds(score))) == pytest.approx(leaving(score))


def test_the_gradient_is_that_of_the_loss():
    x, month = _lives(400)
    at = np.random.default_rng(1).normal(size=6) * 0.3
    assert check_grad(lambda p: _loss(p, x, month, 3, 0.3)[0], lambda p: _loss(p, x, month, 3, 0.3)[1], at) < 1e-3


def test_a_stronger_ridge_shrinks():
    x, month = _lives(2000)
    sizes = [np.abs(fit_survival(x, month, strength).coefficients).sum() for strength in (0.0001, 0.01, 1.0)]
    assert sizes == sorted(sizes)
    assert sizes[0] < 0.2 * sizes[2]


def test_months_of_the_window():
    left, after = np.array([1.0, 1, 1, 0, 1]), np.array([0.0, 29, 30, np.nan, 89])
    assert months_of(left, after, 90).tolist() == [1, 1, 2, 0, 3]
    assert months_of(left, np.array([0.0, 29, np.nan, np.nan, 89]), 90) is None


@pytest.fixture(scope="module")
def chosen() -> tuple[ChurnModel, pd.DataFrame, np.ndarray]:
    """A model of survival: the only candidate beside the base rate."""
    x, month = _lives(3000)
    frame = pd.DataFrame(x, columns=["usage", "tickets", "noise"])
    few = tuple(one for one in CANDIDATES if one.name in ("base_rate", "survival"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "CANDIDATES", few)
        return train(frame, (month > 0).astype(int), months=month), frame, month


def test_it_scores_a_row_alone_as_in_a_batch_and_its_parts_sum_up(chosen):
    model, frame, month = chosen
    assert model.report["chosen"] == "survival"
    probability = model.predict(frame).to_numpy()
    assert probability.mean() == pytest.approx((month > 0).mean(), abs=0.01)
    assert model.predict(frame.iloc[[7]]).iloc[0] == probability[7]
    parts = model.contributions(frame).to_numpy().sum(axis=1)
    assert leaving(parts) == pytest.approx(probability)
    assert (1 - model.staying(frame)[3]).to_numpy() == pytest.approx(probability)


def test_its_reasons_say_by_how_much_its_own_probability_would_move(chosen):
    model, frame, _ = chosen
    parts = model.contributions(frame.iloc[[0]])
    name = parts.drop(columns="(base)").abs().iloc[0].idxmax()
    total = parts.iloc[0].sum()
    moved = 100 * float(leaving(np.array([total]))[0] - leaving(np.array([total - parts[name].iloc[0]]))[0])
    told = model.reasons(frame.iloc[[0]])[0].as_py()[0]
    assert told.startswith(name.capitalize())
    assert f"{'raises' if moved > 0 else 'lowers'} the risk by {abs(moved):.0f} point" in told or abs(moved) < 0.95


def test_it_is_stored_and_restored_with_its_curve(chosen):
    model, frame, _ = chosen
    again = ChurnModel.from_parts(*model.to_parts())
    assert again.predict(frame).equals(model.predict(frame))
    assert again.staying(frame).equals(model.staying(frame))


def test_it_is_compared_with_the_others_where_the_days_are_known():
    x, month = _lives(1200)
    frame = pd.DataFrame(x, columns=["usage", "tickets", "noise"])
    label = (month > 0).astype(int)
    losses = {row["candidate"]: row["log_loss"] for row in train(frame, label, months=month).report["candidates"]}
    assert losses["survival"] == pytest.approx(losses["logistic"], rel=0.03)
    assert "survival" not in {row["candidate"] for row in train(frame, label).report["candidates"]}
