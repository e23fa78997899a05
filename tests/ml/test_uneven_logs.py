"""Learners that do without propensities, for logs in which a rule decided for most and chance for few."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.additive import Floats
from ml.additive.boosting import Bins
from ml.encoding import Encoder
from ml.next_best_action import fit_policy
from ml.next_best_action.differences import learn_differences
from ml.next_best_action.effects import learn_effects
from ml.next_best_action.evidence import Evidence, summed
from ml.next_best_action.learners import LARGE_TREES, Grown, Imputed, Linear
from ml.outcomes import COARSE, fold_rows

pytestmark = pytest.mark.thorough


def test_where_a_rule_decides_for_most_imputed_effects_tell_more_than_weighted_ones():
    """Chance decides for one customer in ten; what an action does turns at a value of another column."""
    random = np.random.default_rng(12)
    codes = random.normal(size=(3000, 6))
    effect = np.where(codes[:, 1] > 0.3, 0.6, -0.2)
    chance = np.where(codes[:, 0] > 0, 0.95, 0.05)  # to be treated
    taken = (random.random(3000) < chance).astype(int)
    left = taken * effect + random.normal(0, 0.7, 3000)
    evidence = Evidence(taken, np.where(taken == 1, chance, 1 - chance), left - left.mean(), np.ones(3000))
    given = Encoder(()), codes, Bins.of(codes, COARSE), evidence, 0, LARGE_TREES
    told = [of(*given).scorers()[0].score(Encoder(()), codes) for of in (Grown, Imputed)]
    weighted, imputed = (np.corrcoef(one, effect)[0, 1] for one in told)
    assert imputed > weighted + 0.03
    assert imputed > 0.8
    folds = list(fold_rows(3000, 0))
    unseen = Imputed(*given).unseen(folds)[0]
    assert np.corrcoef(unseen, effect)[0, 1] > 0.6


def test_arms_apart_are_told_by_the_difference_of_their_own_lines():
    """Customers of the arms are not alike, and what foretells the outcome of both is not taken for an effect."""
    random = np.random.default_rng(21)
    design = random.normal(size=(4000, 3))
    taken = (design[:, 0] + 0.3 * random.normal(size=4000) > 0.5).astype(int)
    outcome = 2 * design[:, 0] + design[:, 1] + taken * (0.5 * design[:, 2]) + random.normal(size=4000)
    evidence = Evidence(taken, np.ones(4000), outcome, np.ones(4000))
    found = learn_differences(summed(evidence, design, np.arange(4000)), np.arange(3))[:, 0]
    assert found == pytest.approx([0.0, 0.0, 0.5], abs=0.1)


def test_an_arm_that_says_nothing_of_a_column_leaves_its_effect_at_nothing():
    random = np.random.default_rng(22)
    design, taken = random.normal(size=(1000, 2)), np.repeat([0, 1], 500)
    design[taken == 1, 0] = 0.7
    evidence = Evidence(taken, np.ones(1000), design[:, 0] + random.normal(size=1000), np.ones(1000))
    assert learn_differences(summed(evidence, design, np.arange(1000)), np.arange(2))[0, 0] == pytest.approx(0.0, abs=1e-6)


def _by_rule(seed: int, rows: int) -> tuple[pd.DataFrame, Floats, Floats]:
    """(features, chance to stay under nothing, call and offer, propensities): a rule decides for nine of ten."""
    random = np.random.default_rng(seed)
    frame = (
        pd.DataFrame(random.normal(size=(rows, 8))).add_prefix("x").assign(days=random.exponential(40, rows), app=random.random(rows) < 0.4)
    )
    usual = (1 / (1 + np.exp(-1 - 0.8 * frame["x0"]))).to_numpy()
    effects = np.column_stack([np.zeros(rows), np.where(frame["app"], 0.12, -0.04), np.where(frame["x2"] > 0, 0.06, -0.03)])
    propensity = np.full((rows, 3), 0.1 / 3)
    propensity[np.arange(rows), np.select([frame["days"] > 60, frame["x1"] > 0.8], [1, 2], 0)] += 0.9
    return frame, np.clip(usual[:, None] + effects, 0.01, 0.99), propensity


def test_a_log_that_a_rule_made_teaches_whom_to_treat():
    """Few of 12,000 decisions were left to chance: with propensities alone 63 % of the best policy's gain were reached."""
    frame, stays, propensity = _by_rule(43, 12_000)
    random, each = np.random.default_rng(44), np.arange(len(frame))
    taken = np.minimum((random.random((len(frame), 1)) > propensity.cumsum(axis=1)).sum(axis=1), 2)
    outcome = (random.random(len(frame)) < stays[each, taken]).astype(float)
    policy = fit_policy(frame, taken, propensity[each, taken], outcome, control=0)
    others, chances, _ = _by_rule(45, 10_000)
    gains = chances - chances[:, :1]
    assert gains[np.arange(10_000), policy.choose(others)].mean() > 0.8 * gains.max(axis=1).mean()


@pytest.mark.parametrize("chance", [0.5, 0.95])
def test_learners_without_propensities_are_asked_where_those_are_uneven(monkeypatch, chance):
    random = np.random.default_rng(13)
    codes, asked = random.normal(size=(1500, 2)), []
    treated = np.where(codes[:, 0] > 0, chance, 1 - chance)
    taken = (random.random(1500) < treated).astype(int)
    propensity = np.where(taken == 1, treated, 1 - treated)
    evidence = Evidence(taken, propensity, random.normal(size=1500), np.ones(1500))
    least = min(
        (1 / propensity[taken == arm]).sum() ** 2 / (propensity[taken == arm] ** -2.0).sum() / (taken == arm).sum() for arm in (0, 1)
    )
    assert evidence.evenness == pytest.approx(least)
    monkeypatch.setattr("ml.next_best_action.effects.Imputed", lambda *given: asked.append("imputed") or Imputed(*given))
    monkeypatch.setattr(Linear, "apart", lambda linear: asked.append("apart") or linear)
    learn_effects(Encoder(()), codes, evidence, np.zeros(1), 0)
    assert asked == (["imputed", "apart"] if chance > 0.5 else [])
