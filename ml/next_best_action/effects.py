"""How much each action changes the outcome, for whom, and how much of that to believe.

Comes in: doubly-robust scores (rows × actions, control first). Goes out: `Effect` per action: a constant, plus a
difference between customers where there is evidence of one.

Learner: DR-learner (Kennedy 2023): regress score(action) − score(control) on the features, linear and by trees.
Belief: out-of-fold predictions are set against the scores they predict (best linear predictor; Chernozhukov et al. 2018).
The slope, cut to 0 … 1, shrinks the differences; below DIFFERENCE_Z they are dropped. A mean effect is shrunk by 1 − 1/z²,
and one that does not beat its cost by MEAN_Z errors is held at its cost. Stricter limits cost more than they saved: an effect of
five points in a log of 2,000 decisions was taken up in one case of three, and an action that does nothing loses nothing but its
cost. Whether a policy may *claim* to be better is another question, with its own 95 % interval: `ml.policy_evaluation`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.additive import ConstantScorer, Floats, Scorer
from ml.encoding import Encoder, Parsed
from ml.outcomes import Trees, fold_rows, regress

MEAN_Z, DIFFERENCE_Z = 1.28, 2.33
EFFECT_TREES = Trees(30, 3, 15)  # effects are faint: on simulated logs of 1,500 to 50,000 decisions larger trees found no more of the gain


@dataclass(frozen=True)
class Effect:
    """Effect of an action against the control = constant + slope · (scorer − centre)."""

    constant: float
    slope: float
    centre: float
    scorer: Scorer
    error: float  # standard error of the mean effect
    evidence: float  # z of the differences between customers

    def predict(self, encoder: Encoder, codes: Floats) -> Floats:
        """Expected change of the outcome per row."""
        if self.slope == 0:
            return np.full(len(codes), self.constant)
        return self.constant + self.slope * (self.scorer.score(encoder, codes) - self.centre)


@dataclass(frozen=True)
class _Learnt:
    trees: Trees | None
    unseen: Floats  # out-of-fold predictions
    slope: float
    evidence: float


def learn_effects(parsed: Parsed, encoder: Encoder, scores: Floats, extra_costs: Floats, seed: int) -> list[Effect]:
    """One Effect per action after the control (column 0 of `scores`); `extra_costs`: each one's cost above the control's."""
    codes = encoder.codes(parsed)
    actions = scores.shape[1] - 1
    return [
        _learn(parsed, encoder, codes, scores[:, column] - scores[:, 0], float(extra_costs[column]), seed)
        for column in range(1, actions + 1)
    ]


def _learn(parsed: Parsed, encoder: Encoder, codes: Floats, change: Floats, cost: float, seed: int) -> Effect:
    constant, error = _mean_effect(change, cost)
    learnt = max((_tried(parsed, change, trees, seed) for trees in (None, EFFECT_TREES)), key=lambda one: one.evidence)
    if learnt.evidence < DIFFERENCE_Z or learnt.slope <= 0 or not _pays(learnt, change, constant, cost):
        return Effect(constant, 0.0, 0.0, ConstantScorer(0.0), error, learnt.evidence)
    scorer = regress(encoder, codes, change, seed, learnt.trees)
    centre = float(scorer.score(encoder, codes).mean())
    return Effect(constant, learnt.slope, centre, scorer, error, learnt.evidence)


def _mean_effect(change: Floats, cost: float) -> tuple[float, float]:
    """The mean, shrunk; and its standard error."""
    mean, error = float(change.mean()), float(change.std() / np.sqrt(change.size))
    if error == 0:
        return mean, error
    shrunk = mean * max(0.0, 1 - (error / mean) ** 2) if mean else 0.0
    return (shrunk if (mean - cost) / error > MEAN_Z else min(shrunk, cost)), error


def _tried(parsed: Parsed, change: Floats, trees: Trees | None, seed: int) -> _Learnt:
    """Out-of-fold differences between customers, and how well they foretell those of the scores."""
    unseen = np.empty(change.size)
    for inside, outside in fold_rows(change.size, seed + 1):
        encoder = Encoder.fit(parsed.take(inside), change[inside])
        codes = encoder.codes(parsed)
        scorer = regress(encoder, codes[inside], change[inside], seed, trees)
        unseen[outside] = scorer.score(encoder, codes[outside]) - change[inside].mean()
    x, y = unseen - unseen.mean(), change - change.mean()
    if (x @ x) < 1e-12 * max(1.0, y @ y):
        return _Learnt(trees, unseen, 0.0, 0.0)
    slope = float(x @ y / (x @ x))
    error = float(np.sqrt(((y - slope * x) ** 2 * x**2).sum()) / (x @ x))
    return _Learnt(trees, unseen, float(np.clip(slope, 0, 1)), slope / error if error > 0 else 0.0)


def _pays(learnt: _Learnt, change: Floats, constant: float, cost: float) -> bool:
    """Out of fold, does acting on the differences earn no less than the better constant choice, give or take one standard error?"""
    acts = constant + learnt.slope * learnt.unseen > cost
    gain = (acts.astype(float) - float(constant > cost)) * (change - cost)
    return bool(gain.mean() >= -gain.std() / np.sqrt(gain.size))
