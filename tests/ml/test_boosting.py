"""Boosting on bins that are made once says what scikit-learn's own says, digit by digit."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from ml.additive import boosting, plain_trees
from ml.additive.boosting import Bins, Classifier, Regressor
from ml.encoding import Encoder

SETTINGS = {"max_leaf_nodes": 5, "max_bins": 63, "max_features": 0.5, "early_stopping": False, "random_state": 4}


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    random = np.random.default_rng(1)
    matrix = random.normal(size=(700, 4))
    return np.where(random.random(matrix.shape) < 0.1, np.nan, matrix)


@pytest.fixture(scope="module")
def label(codes) -> np.ndarray:
    return (np.nan_to_num(codes[:, 0]) + np.random.default_rng(2).normal(size=700) > 0.4).astype(float)


def test_a_classifier_grown_in_steps_on_bins_of_its_table_is_the_one_grown_at_once(codes, label):
    inside, unseen = codes[:500], codes[500:]
    public = HistGradientBoostingClassifier(**SETTINGS, max_iter=45).fit(inside, label[:500])
    expected = [scores.ravel() for scores in public.staged_decision_function(unseen)]
    grown, told = Classifier(**SETTINGS).on(Bins.of(inside, 63)), []
    for trees in (10, 20, 45):
        told += grown.grown_to(trees, inside, label[:500]).stages(unseen, told[-1] if told else None, len(told))
    assert all((mine == theirs).all() for mine, theirs in zip(told, expected, strict=True))
    assert (grown.decision_function(unseen) == expected[-1]).all()
    assert (grown.predict_proba(unseen) == public.predict_proba(unseen)).all()


def test_a_weighted_regressor_on_bins_of_a_longer_table_splits_the_values_themselves(codes):
    """Of 20 values each has a bin of its own, by whomever bins are made."""
    coarse, random = np.round(codes * 4).clip(-9, 9), np.random.default_rng(3)
    target, weight, rows = np.nan_to_num(coarse[:, 1]) ** 2 + random.normal(size=700), random.random(700), np.arange(0, 700, 2)
    public = HistGradientBoostingRegressor(**SETTINGS, max_iter=30).fit(coarse[rows], target[rows], sample_weight=weight[rows])
    mine = Regressor(**SETTINGS, max_iter=30).on(Bins.of(coarse, 63).take(rows)).fit(coarse[rows], target[rows], sample_weight=weight[rows])
    assert mine.predict(coarse) == pytest.approx(public.predict(coarse), abs=1e-9)
    assert plain_trees(mine, coarse, mine.predict(coarse)).score(Encoder(()), coarse) == pytest.approx(public.predict(coarse), abs=1e-9)


def test_values_are_put_into_bins_once_for_all_candidates_of_a_fold(monkeypatch, customers):
    from ml.churn import train

    asked = []
    of = Bins.of
    monkeypatch.setattr(boosting.Bins, "of", staticmethod(lambda *given: asked.append(1) or of(*given)))
    frame, label = customers(600)
    model = train(frame, label)
    tried = [row["candidate"] for row in model.report["candidates"] if row["trees"]]
    assert len(tried) >= 2
    assert len(asked) <= 5 * 3 + 1  # five folds, three times, and all rows where trees are chosen; no more for more candidates
