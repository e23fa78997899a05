"""How much each action changes the outcome, for whom, and how much of that to believe.

Comes in: `Evidence` (the log, and what its outcomes were beyond what was expected). Goes out: `Effect` per action: a constant, plus a
difference between customers as far as it is likely; both per unit of what is at stake for a customer.

Learners of differences: linear in the ranks of the columns, for all actions at once; small and larger trees, for each alone; and, where
propensities are uneven, trees and a line that do without them: their noise is what keeps a rule's log from teaching more.
Each has a weight by what all foretell together out of fold. Weights, not the better one: on two companies both foretold equally well (z 5.9
and 5.2, 6.7 and 6.6), and one reached six points more of the best policy's gain. With faint evidence the lines speak alone, in equal parts,
which their priors have shrunk. What all of them say of an action counts by how likely it is that it is so, and not nothing (model
averaging): who may choose between two actions does best by what is expected of them, however unsure that is. Whether the policy may
*claim* to be better is another question, with its own 95 % interval: `ml.policy_evaluation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.additive import ConstantScorer, Floats, MixedScorer, Scorer
from ml.encoding import Encoder
from ml.next_best_action.apart import together
from ml.next_best_action.belief import DIFFERENCE_Z, believed_means, chance, line, weighted_means, weights
from ml.next_best_action.evidence import Evidence
from ml.next_best_action.learners import IMPUTED_FROM, LARGE_TREES, SMALL_TREES, Grown, Imputed, Learner, Linear
from ml.outcomes import COARSE, Split, fold_rows

Mean = tuple[float, float]  # of an action over the log, as believed, and its standard error


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

    def expected(self, score: Floats, stake: Floats) -> Floats:
        """Expected change of the outcome per row, of what `scorer` says of it."""
        return stake * (self.constant + self.slope * (score - self.centre))


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


def learn_effects(
    encoder: Encoder, codes: Floats, evidence: Evidence, extra_costs: Floats, seed: int, apart: Evidence | None = None
) -> list[Effect]:
    """One Effect per action after the control; `extra_costs`: each one's cost above the control's. `apart`: without propensities."""
    splits = list(fold_rows(len(codes), seed + 1, actions=len(extra_costs) + 1))
    learnt = _mixed(_learners(encoder, codes, evidence, seed, apart), evidence, splits)
    means, scorers = _means(codes, evidence, extra_costs, apart), learnt.scorers()
    return [
        _believed(action, encoder, codes, evidence, learnt, scorer, mean)
        for action, (scorer, mean) in enumerate(zip(scorers, means, strict=True), 1)
    ]


def _means(codes: Floats, evidence: Evidence, extra_costs: Floats, apart: Evidence | None) -> list[Mean]:
    found = weighted_means(evidence) if apart is None else together(weighted_means(evidence), apart, codes)
    means, errors = (float(evidence.stake.mean()) * per_stake for per_stake in found)
    return list(zip(believed_means((means, errors), extra_costs).tolist(), errors.tolist(), strict=True))


def _learners(encoder: Encoder, codes: Floats, evidence: Evidence, seed: int, apart: Evidence | None) -> list[Learner]:
    linear = Linear(codes, evidence)
    if not codes.shape[1]:
        return [linear]
    from ml.additive.boosting import Bins  # and scikit-learn with it, when something is learnt

    bins = Bins.of(codes, COARSE)
    grown = [Grown(encoder, codes, bins, evidence, seed, trees) for trees in (SMALL_TREES, LARGE_TREES)]
    if apart is None:
        return [linear, *grown]
    imputed = [Imputed(encoder, codes, bins, evidence, seed, LARGE_TREES)] if len(codes) >= IMPUTED_FROM else []
    return [linear, *grown, *imputed, linear.apart(apart)]


def _mixed(learners: Sequence[Learner], evidence: Evidence, splits: Sequence[Split]) -> _Learnt:
    """All, weighted by how well they foretell together; with faint evidence the lines alone."""
    unseen = [learner.unseen(splits) for learner in learners]
    shares = weights(evidence, unseen)
    told = _together(shares, unseen)
    slope, z = line(evidence, dict(enumerate(told, 1)))
    if z >= DIFFERENCE_Z:
        return _Learnt(learners, shares, told, slope, z)
    lines = np.array([isinstance(learner, Linear) for learner in learners], dtype=float)
    return _Learnt(learners, lines / lines.sum(), _together(lines / lines.sum(), unseen), 1.0, z)


def _together(shares: Floats, unseen: Sequence[Sequence[Floats]]) -> list[Floats]:
    """Per action what all said of it."""
    return [np.tensordot(shares, said, axes=1) for said in zip(*unseen, strict=True)]


def _believed(action: int, encoder: Encoder, codes: Floats, evidence: Evidence, learnt: _Learnt, scorer: Scorer, found: Mean) -> Effect:
    """What is expected of an action: its mean, and the differences that were said of it as far as they are likely."""
    arms, stake, (mean, error) = evidence.arms(action), float(evidence.stake.mean()), found
    said = learnt.unseen[action - 1]
    own, slope = line(evidence, {action: said})[1], learnt.slope * chance(evidence, action, learnt.slope * said)
    if slope <= 0:
        return Effect(mean / stake, 0.0, 0.0, ConstantScorer(0.0), mean, error, own)
    centre = float(np.average(scorer.score(encoder, codes[arms.rows]), weights=arms.weight))
    return Effect(mean / stake, slope, centre, scorer, mean, error, own)
