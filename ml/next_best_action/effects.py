"""How much each action changes the outcome, for whom, and how much of that to believe.

Comes in: `Evidence` (the log, and what its outcomes were beyond what was expected). Goes out: `Effect` per action: a constant, plus a
difference between customers where there is evidence of one; both per unit of what is at stake for a customer.

Learners of differences: linear in the ranks of the columns, for all actions at once; small and larger trees, for each alone; and, where
propensities are uneven, trees that do without them: their noise is what keeps a rule's log from teaching more.
Each has a weight by what all foretell together out of fold. Weights, not the better one: on two companies both foretold equally well
(z 5.9 and 5.2, 6.7 and 6.6), and one reached six points more of the best policy's gain. With faint evidence the linear one speaks
alone, which its priors have shrunk. Where the whole policy would have paid out of fold (`pays_together`), differences are kept: an
effect that is good for some and bad for others has no mean to be believed. Only an action that is idle by all signs keeps none: the
control is cheaper. Where it is not known to pay each action stands for itself: it keeps its differences if its mean is believed, since
whom to give it has to be decided somehow, or with DIFFERENCE_Z of its own. In twenty made-up worlds (`benchmarks.effects`) asking each
action for itself alone reached 60 % of the best policy's gain, this 69 %. Stricter limits cost more than they save: an action that
does nothing loses nothing but its cost. Whether a policy may *claim* to be better is another question, with its own 95 % interval:
`ml.policy_evaluation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.additive import ConstantScorer, Floats, MixedScorer, Scorer, binned
from ml.encoding import Encoder
from ml.next_best_action.belief import DIFFERENCE_Z, is_idle, line, mean_effect, pays_alone, pays_together, weights
from ml.next_best_action.contrasts import Evidence
from ml.next_best_action.learners import EVEN, IMPUTED_FROM, LARGE_TREES, SMALL_TREES, Grown, Imputed, Learner, Linear
from ml.outcomes import Split, fold_rows


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
    learnt = _mixed(_learners(encoder, codes, evidence, seed), evidence, splits)
    kept = _kept(evidence, learnt, extra_costs, splits)
    scorers = learnt.scorers()
    return [
        _believed(action, encoder, codes, evidence, learnt, scorers[action - 1], float(cost), action in kept)
        for action, cost in enumerate(extra_costs, 1)
    ]


def _learners(encoder: Encoder, codes: Floats, evidence: Evidence, seed: int) -> list[Learner]:
    bins = binned(codes)
    grown = [Grown(encoder, bins, evidence, seed, trees) for trees in (SMALL_TREES, LARGE_TREES)]
    is_imputed = len(codes) >= IMPUTED_FROM and evidence.evenness < EVEN
    imputed = [Imputed(encoder, bins, evidence, seed, LARGE_TREES)] if is_imputed else []
    return [Linear(codes, evidence), *grown, *imputed]


def _mixed(learners: Sequence[Learner], evidence: Evidence, splits: Sequence[Split]) -> _Learnt:
    """All, weighted by how well they foretell together; with faint evidence the first alone."""
    unseen = [learner.unseen(splits) for learner in learners]
    shares = weights(evidence, unseen)
    both = [np.tensordot(shares, said, axes=1) for said in zip(*unseen, strict=True)]
    slope, z = line(evidence, dict(enumerate(both, 1)))
    if z < DIFFERENCE_Z:
        return _Learnt(learners, np.array([1.0, *np.zeros(len(learners) - 1)]), unseen[0], 1.0, z)
    return _Learnt(learners, shares, both, slope, z)


def _kept(evidence: Evidence, learnt: _Learnt, costs: Floats, splits: Sequence[Split]) -> set[int]:
    """Actions that keep their differences because the policy pays with them: all but the idle; none where it does not pay."""
    stake, said = float(evidence.stake.mean()), []
    for action, (one, cost) in enumerate(zip(learnt.unseen, costs, strict=True), 1):
        is_good = mean_effect(evidence.arms(action), stake, cost)[0] > cost
        said.append(one if is_good or not is_idle(evidence, action, learnt.slope * one) else np.zeros_like(one))
    pays = learnt.slope > 0 and pays_together(evidence, said, learnt.slope, costs, splits)
    return {action for action, one in enumerate(said, 1) if one.any()} if pays else set()


def _believed(
    action: int, encoder: Encoder, codes: Floats, evidence: Evidence, learnt: _Learnt, scorer: Scorer, cost: float, is_kept: bool
) -> Effect:
    arms, stake = evidence.arms(action), float(evidence.stake.mean())
    mean, error = mean_effect(arms, stake, cost)
    unseen = learnt.unseen[action - 1]
    differences = learnt.slope * (unseen - np.average(unseen[arms.rows], weights=arms.weight))
    own = line(evidence, {action: unseen})[1]
    alone = (mean > cost or own >= DIFFERENCE_Z) and learnt.slope > 0
    if not is_kept and not (alone and pays_alone(evidence, arms, mean / stake, differences, cost)):
        return Effect(mean / stake, 0.0, 0.0, ConstantScorer(0.0), mean, error, own)
    centre = float(np.average(scorer.score(encoder, codes[arms.rows]), weights=arms.weight))
    return Effect(mean / stake, learnt.slope, centre, scorer, mean, error, own)
