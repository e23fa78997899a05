"""How much each action changes the outcome, for whom, and how much of that to believe.

Comes in: `Evidence` (the log, and what its outcomes were beyond what was expected). Goes out: `Effect` per action: a constant, plus a
difference between customers where there is evidence of one; both per unit of what is at stake for a customer.

Learners of differences: linear in the ranks of the columns, for all actions at once; and a few shallow trees, for each alone.
Belief: out-of-fold predictions are set against the outcomes they predict (best linear predictor; Chernozhukov et al. 2018): the weight
of each learner, and with it by how much its differences are shrunk, is asked of all actions together. Weights, not the better one: on
two companies both foretold equally well (z 5.9 and 5.2, 6.7 and 6.6), and one reached six points more of the best policy's gain. An
action whose mean effect is not believed needs DIFFERENCE_Z of its own for its differences; one that is to be taken anyway keeps them,
with faint evidence those of the linear learner, which its priors have shrunk: whom to give which has to be decided somehow. A mean is
shrunk by 1 − 1/z², and one that does not beat its cost by MEAN_Z errors is held at its cost. Stricter limits cost more than they saved:
an effect of five points in a log of 2,000 decisions was taken up in one case of three, and an action that does nothing loses nothing
but its cost. Whether a policy may *claim* to be better is another question, with its own 95 % interval: `ml.policy_evaluation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from ml.additive import ConstantScorer, Floats, MixedScorer, Scorer
from ml.encoding import Encoder
from ml.next_best_action.contrasts import Arms, Evidence
from ml.next_best_action.learners import Grown, Learner, Linear
from ml.outcomes import Split, fold_rows

MEAN_Z, DIFFERENCE_Z = 1.28, 2.33


@dataclass(frozen=True)
class Effect:
    """Effect of an action against the control = stake · (constant + slope · (scorer − centre))."""

    constant: float
    slope: float
    centre: float
    scorer: Scorer
    mean: float  # of the effect over the log, as believed, in units of the outcome
    error: float  # standard error of that mean
    evidence: float  # z of the differences between customers

    def predict(self, encoder: Encoder, codes: Floats, stake: Floats) -> Floats:
        """Expected change of the outcome per row."""
        if self.slope == 0:
            return stake * self.constant
        return stake * (self.constant + self.slope * (self.scorer.score(encoder, codes) - self.centre))


@dataclass(frozen=True)
class _Learnt:
    learners: Sequence[Learner]
    weights: Floats
    unseen: list[Floats]  # per action, out of fold, all learners together
    slope: float  # of the outcomes on `unseen`, over all actions
    evidence: float  # its z

    def scorers(self) -> list[Scorer]:
        """One per action, of the learners that count."""
        used = [number for number, weight in enumerate(self.weights) if weight > 0]
        each = zip(*(self.learners[number].scorers() for number in used), strict=True)
        return [MixedScorer(self.weights[used], tuple(scorers)) for scorers in each]


def learn_effects(encoder: Encoder, codes: Floats, evidence: Evidence, extra_costs: Floats, seed: int) -> list[Effect]:
    """One Effect per action after the control; `extra_costs`: each one's cost above the control's."""
    splits = list(fold_rows(len(codes), seed + 1))
    learners = (Linear(codes, evidence), Grown(encoder, codes, evidence, seed))
    learnt = _mixed(learners, evidence, splits)
    scorers = learnt.scorers()
    return [
        _believed(action, encoder, codes, evidence, learnt, scorers[action - 1], float(cost)) for action, cost in enumerate(extra_costs, 1)
    ]


def _mixed(learners: Sequence[Learner], evidence: Evidence, splits: Sequence[Split]) -> _Learnt:
    """Both, weighted by how well they foretell together; with faint evidence the first alone."""
    unseen = [learner.unseen(splits) for learner in learners]
    weights = _weights(evidence, unseen)
    both = [np.tensordot(weights, said, axes=1) for said in zip(*unseen, strict=True)]
    slope, z = _line(evidence, dict(enumerate(both, 1)))
    if z < DIFFERENCE_Z:
        alone = unseen[0]
        return _Learnt(learners, np.array([1.0, *np.zeros(len(learners) - 1)]), alone, 1.0, z)
    return _Learnt(learners, weights, both, slope, z)


def _weights(evidence: Evidence, unseen: Sequence[Sequence[Floats]]) -> Floats:
    """Per learner, 0 … 1: the outcomes of all actions together on what the learners said of them out of fold."""
    gram, moment = 1e-9 * np.eye(len(unseen)), np.zeros(len(unseen))
    for action, said in enumerate(zip(*unseen, strict=True), 1):
        arms = evidence.arms(action)
        weight = arms.weight / max(arms.error**2, 1e-300)
        x = np.column_stack([(one[arms.rows] - np.average(one[arms.rows], weights=weight)) * arms.side for one in said])
        gram += x.T @ (x * weight[:, None])
        moment += x.T @ (weight * arms.unexplained)
    root = np.linalg.cholesky(gram)
    return np.minimum(nnls(root.T, np.linalg.solve(root, moment))[0], 1.0)


def _believed(action: int, encoder: Encoder, codes: Floats, evidence: Evidence, learnt: _Learnt, scorer: Scorer, cost: float) -> Effect:
    arms, stake = evidence.arms(action), float(evidence.stake.mean())
    mean, error = _mean_effect(arms.mean * stake, arms.error * stake, cost)
    unseen = learnt.unseen[action - 1]
    differences = learnt.slope * (unseen - np.average(unseen[arms.rows], weights=arms.weight))
    own = _line(evidence, {action: unseen})[1]
    is_believed = mean > cost or own >= DIFFERENCE_Z
    if not is_believed or learnt.slope <= 0 or not _pays(evidence, arms, mean / stake, differences, cost):
        return Effect(mean / stake, 0.0, 0.0, ConstantScorer(0.0), mean, error, own)
    centre = float(np.average(scorer.score(encoder, codes[arms.rows]), weights=arms.weight))
    return Effect(mean / stake, learnt.slope, centre, scorer, mean, error, own)


def _mean_effect(mean: float, error: float, cost: float) -> tuple[float, float]:
    """The mean, shrunk; and its standard error."""
    if error == 0:
        return mean, error
    shrunk = mean * max(0.0, 1 - (error / mean) ** 2) if mean else 0.0
    return (shrunk if (mean - cost) / error > MEAN_Z else min(shrunk, cost)), error


def _line(evidence: Evidence, unseen: Mapping[int, Floats]) -> tuple[float, float]:
    """Slope of the outcomes on what was predicted of them (by action) out of fold, cut to 0 … 1; and its z. Of several actions in sum."""
    sides = []
    for action, predicted in unseen.items():
        arms = evidence.arms(action)
        x = (predicted[arms.rows] - np.average(predicted[arms.rows], weights=arms.weight)) * arms.side
        sides.append((arms, x, arms.weight / max(arms.error**2, 1e-300)))
    information = sum(float((weight * x**2).sum()) for _, x, weight in sides)
    if information < 1e-9:
        return 0.0, 0.0
    slope = sum(float((weight * x * arms.unexplained).sum()) for arms, x, weight in sides) / information
    influence = np.zeros(evidence.taken.size)  # of each decision; those for the control count in every contrast
    for arms, x, weight in sides:
        influence[arms.rows] += weight * x * (arms.unexplained - slope * x)
    error = float(np.sqrt((influence**2).sum())) / information
    return float(np.clip(slope, 0, 1)), slope / error if error > 0 else 0.0


def _pays(evidence: Evidence, arms: Arms, constant: float, differences: Floats, cost: float) -> bool:
    """Out of fold, is acting on the differences not worse for certain than the better constant choice?"""
    stake, rows = evidence.stake[arms.rows], arms.rows
    acts = stake * (constant + differences[rows]) > cost
    otherwise = constant * float(evidence.stake.mean()) > cost
    weight = 1 / evidence.propensity[rows]
    weight /= np.where(arms.treated, weight[arms.treated].sum(), weight[~arms.treated].sum())
    changed = (acts.astype(float) - float(otherwise)) * weight
    gains = changed * (np.where(arms.treated, 1.0, -1.0) * evidence.left[rows] - cost / 2)
    return bool(gains.sum() >= -1.96 * np.sqrt((gains**2).sum()))
