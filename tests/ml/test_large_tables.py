"""Candidates are compared on some rows of a large table; how many trees it bears is settled on all of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.churn import ChurnModel, train, training
from ml.churn.examples import Examples
from ml.churn.folds import Moments
from ml.churn.selection import select, settle
from ml.encoding import parse
from ml.evaluation import log_losses
from ml.recalibration import calibration

pytestmark = pytest.mark.thorough


def renewals(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Nobody leaves unless they may renew soon; of those one in five does, the fewer the less they pay and the more they use."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({name: random.normal(size=rows) for name in ("usage", "price", "tickets", "age", "seats")})
    frame["days_to_renewal"] = random.integers(1, 365, rows)
    logit = np.where(frame["days_to_renewal"] <= 120, -1.5 + frame["price"] - frame["usage"] + 0.7 * frame["tickets"], -9.0)
    return frame, (random.random(rows) < 1 / (1 + np.exp(-logit))).astype(int)


def test_more_rows_bear_more_trees_and_forecast_better(monkeypatch):
    frame, label = renewals(16_000, seed=1)
    monkeypatch.setattr(training, "SELECTION_ROWS", 1_500)
    settled = train(frame, label)
    monkeypatch.setattr(training, "settle", lambda first, examples, seed: first)
    unsettled = train(frame, label)
    assert trees(settled) > trees(unsettled)
    fresh, truth = renewals(30_000, seed=2)
    losses = [log_losses(truth, model.predict(fresh).to_numpy()).mean() for model in (settled, unsettled)]
    assert losses[0] < losses[1] - 0.0005
    probability = settled.predict(fresh).to_numpy()
    assert calibration(truth, np.log(probability / (1 - probability)))[0] == pytest.approx(1.0, abs=0.15)


def trees(model: ChurnModel) -> int:
    return next(row["trees"] for row in model.report["candidates"] if row["candidate"] == model.report["chosen"])


def test_it_is_settled_on_the_newest_moment_by_what_was_known_before_it():
    frame, label = renewals(4_000, seed=3)
    moment = np.repeat([0, 90, 180, 270], 1_000)
    examples = Examples(parse(frame), label.astype(float), moments=Moments(moment, 90))
    first = select(examples.at_most(1_500, 0), 0)
    settled = settle(first, examples, 0)
    assert set(moment[settled.rows]) == {270}
    assert {row["candidate"] for row in settled.table} - {"mixture"} == {one.name for one in first.finalists}
    for inside, outside in settled.splits:  # the correction is tried on others than it is learnt from
        assert not set(inside) & set(outside)
    assert np.concatenate([outside for _, outside in settled.splits]).size == settled.rows.size
