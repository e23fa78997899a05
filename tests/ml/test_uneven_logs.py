"""Learners that do without propensities, for logs in which a rule decided for most and chance for few."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.additive import Floats
from ml.additive.boosting import Bins
from ml.encoding import Encoder, parse
from ml.next_best_action import fit_policy
from ml.next_best_action.apart import beyond_lines, together
from ml.next_best_action.belief import weighted_means
from ml.next_best_action.differences import learn_differences
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


def _by_rule_and_alike(seed: int, rows: int) -> tuple[pd.DataFrame, Floats, Floats]:
    """As `_by_rule`; one of the columns that the rule looks at is the one at which an effect turns."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(rows, 8))).add_prefix("x").assign(is_free=random.random(rows) < 1 / 3)
    usual = 0.5 + 0.2 * np.tanh(frame["x0"]).to_numpy()
    effects = np.column_stack([np.zeros(rows), np.where(frame["x1"] > 0.5, 0.1, -0.03), np.where(frame["is_free"], 0.08, -0.02)])
    leaning = np.column_stack([np.zeros(rows), frame["x0"] + frame["x1"] / 2, frame["x1"] / 2 - frame["x0"]])
    return frame, usual[:, None] + effects, 0.1 / 3 + 0.9 * (leaning == leaning.max(axis=1, keepdims=True))


def test_what_a_rule_did_is_not_taken_for_what_customers_are():
    """Of 8,000 decisions, two logs: 51 % of the best policy's gain were reached where trees told of no arm had learnt the effects away."""
    reached = []
    for seed in (50, 70):
        frame, stays, propensity = _by_rule_and_alike(seed, 8_000)
        random, each = np.random.default_rng(seed + 1), np.arange(len(frame))
        taken = np.minimum((random.random((len(frame), 1)) > propensity.cumsum(axis=1)).sum(axis=1), 2)
        outcome = (random.random(len(frame)) < stays[each, taken]).astype(float)
        policy = fit_policy(frame, taken, propensity[each, taken], outcome, control=0)
        others, chances, _ = _by_rule_and_alike(seed + 2, 10_000)
        gains = chances - chances[:, :1]
        reached.append(gains[np.arange(10_000), policy.choose(others)].mean() / gains.max(axis=1).mean())
    assert np.mean(reached) > 0.65


def test_lines_of_the_arms_come_before_trees():
    """Trees of everybody find what the rule's own arm does for its customers; after the lines of the arms it is there to be found."""
    random = np.random.default_rng(31)
    codes = random.normal(size=(6000, 4))
    taken = np.where(random.random(6000) < 0.9, codes[:, 0] > 0, random.random(6000) < 0.5).astype(int)
    outcome = np.sin(2 * codes[:, 1]) + taken * 0.4 * codes[:, 2] + random.normal(size=6000)
    frame = pd.DataFrame(codes).add_prefix("x")
    encoder = Encoder.fit(parse(frame), outcome)
    left = beyond_lines(encoder, codes, taken, outcome, 0)
    slopes = [np.polyfit(codes[taken == arm, 2], left[taken == arm], 1)[0] for arm in (0, 1)]
    assert slopes[1] - slopes[0] == pytest.approx(0.4, abs=0.08)
    assert left.std() < 1.1  # of 1.24 that trees have not looked at


def _ruled(seed: int, hidden: float) -> tuple[Evidence, Floats]:
    """Effects of 0.1 and −0.1; a rule decides for nine of ten, by a column and, as far as `hidden`, by what no column says."""
    random = np.random.default_rng(seed)
    codes, unknown = random.normal(size=(6000, 3)), random.normal(size=6000)
    leaning = np.column_stack([np.zeros(6000), codes[:, 0] + hidden * unknown, codes[:, 1] - hidden * unknown])
    propensity = 0.1 / 3 + 0.9 * (leaning == leaning.max(axis=1, keepdims=True))
    taken = np.minimum((random.random((6000, 1)) > propensity.cumsum(axis=1)).sum(axis=1), 2)
    left = np.array([0.0, 0.1, -0.1])[taken] + 0.5 * codes[:, 0] + hidden * unknown + random.normal(size=6000)
    return Evidence(taken, propensity[np.arange(6000), taken], left, np.ones(6000)), codes


@pytest.mark.parametrize(("hidden", "gained"), [(0.0, 0.85), (1.0, 1.1)])
def test_lines_lend_means_their_certainty_only_where_they_agree(hidden, gained):
    """Of twenty logs: the error of both together, of that by propensities alone; and it is no smaller than it says."""
    truth, off, off_before, said = np.array([0.1, -0.1]), [], [], []
    for seed in range(20):
        evidence, codes = _ruled(seed, hidden)
        weighted = weighted_means(evidence)
        means, errors = together(weighted, evidence.without_propensities(evidence.left), codes)
        off.append(means - truth)
        off_before.append(weighted[0] - truth)
        said.append(errors)
    assert np.sqrt(np.square(off).mean()) < gained * np.sqrt(np.square(off_before).mean())
    assert np.sqrt(np.square(off).mean()) < 1.25 * np.sqrt(np.square(said).mean())


def test_where_propensities_are_the_surer_ones_lines_do_not_count():
    evidence, codes = _ruled(0, 0.0)
    means, errors = np.array([0.3, -0.2]), np.array([1e-4, 1e-4])
    found = together((means, errors), evidence, codes)
    assert (found[0] == means).all()
    assert found[1] == pytest.approx(errors)


@pytest.mark.parametrize("chance", [0.5, 0.95])
def test_learners_without_propensities_are_asked_where_those_are_uneven(monkeypatch, chance):
    random = np.random.default_rng(13)
    codes, asked = random.normal(size=(1500, 2)), []
    treated = np.where(codes[:, 0] > 0, chance, 1 - chance)
    taken = (random.random(1500) < treated).astype(int)
    propensity = np.where(taken == 1, treated, 1 - treated)
    weights = [1 / propensity[taken == arm] for arm in (0, 1)]
    evidence = Evidence(taken, propensity, np.zeros(1500), np.ones(1500))
    assert evidence.evenness == pytest.approx(min(one.sum() ** 2 / (one**2).sum() / one.size for one in weights))
    monkeypatch.setattr("ml.next_best_action.effects.Imputed", lambda *given: asked.append("imputed") or Imputed(*given))
    monkeypatch.setattr(Linear, "apart", lambda linear, evidence: asked.append(evidence.propensity.min()) or linear)
    fit_policy(pd.DataFrame(codes).add_prefix("x"), taken, propensity, random.random(1500) < 0.5, control=0)
    assert asked == (["imputed", 1.0] if chance > 0.5 else [])
