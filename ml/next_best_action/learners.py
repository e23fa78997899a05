"""How an action's effect differs between customers: linear in ranks, for all actions at once, or by trees, for each alone.

Comes in: codes and `Evidence`. Goes out: scorers per action, and what they say of rows that they have not learnt from. Ranks, bins and
sums are made once for the whole log; a fold only leaves its own out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ml.additive import ConstantScorer, Floats, RankedScorer, Ranks, Scorer
from ml.encoding import Encoder
from ml.next_best_action.differences import learn_differences
from ml.next_best_action.evidence import Arms, Evidence, Sums, summed
from ml.outcomes import Split, Trees, grown

if TYPE_CHECKING:  # scikit-learn is read when something is learnt
    from ml.additive.boosting import Bins

# Effects are faint, so small trees come first; large ones for columns that act together: of 50,000 decisions where the sign of one column
# turns what another means small trees found 22 % of the best policy's gain, both 83 %.
SMALL_TREES, LARGE_TREES = Trees(30, 3, 15), Trees(60, 8, 40)
IMPUTED_FROM = 1500  # decisions; below it an arm has too few for trees of its own


class Learner(Protocol):
    """One way to learn differences."""

    def scorers(self) -> Sequence[Scorer]:
        """One per action, learnt from the whole log."""

    def unseen(self, splits: Sequence[Split]) -> list[Floats]:
        """Per action the score of every row by what was learnt from the other folds."""


class Linear:
    """A linear model of ranks; see `ml.next_best_action.differences`."""

    def __init__(self, codes: Floats, evidence: Evidence) -> None:
        self._ranks, self._evidence, columns = Ranks.fit(codes), evidence, codes.shape[1]
        design = self._ranks.design(codes)
        self._live = np.flatnonzero(np.append(np.ones(columns, dtype=bool), self._ranks.missing > 0))  # what is never missing says nothing
        self._design, self._groups = design[:, self._live], self._live % max(columns, 1)

    def apart(self, evidence: Evidence) -> Linear:
        """The same of other evidence: without propensities, as `Imputed`, less noise where a rule decides for most, and right as far as a
        line says what arms come to.
        """
        other = copy(self)
        other._evidence = evidence
        return other

    def scorers(self) -> Sequence[Scorer]:
        """One per action."""
        if not self._groups.size:
            return [ConstantScorer(0.0)] * int(self._evidence.taken.max())
        found = np.zeros((2 * self._ranks.mean.size, int(self._evidence.taken.max())))
        found[self._live] = self._learnt(self._sums(np.arange(len(self._design))))
        return [RankedScorer(0.0, self._ranks, coefficients) for coefficients in found.T]

    def unseen(self, splits: Sequence[Split]) -> list[Floats]:
        """Per action."""
        scores = np.zeros((len(self._design), int(self._evidence.taken.max())))
        if self._groups.size:
            folds = [self._sums(outside) for _, outside in splits]
            for number, (_, outside) in enumerate(splits):
                others = [sums for other, sums in enumerate(folds) if other != number]
                inside = [sum(arm[1:], start=arm[0]) for arm in zip(*others, strict=True)]
                scores[outside] = self._design[outside] @ self._learnt(inside)
        return list(scores.T)

    def _sums(self, rows: NDArray[np.int64]) -> list[Sums]:
        return summed(self._evidence, self._design, rows)

    def _learnt(self, sums: Sequence[Sums]) -> Floats:
        return learn_differences(sums, self._groups)


class Forest(ABC):
    """Trees for each action alone; `bins` are of `codes`, COARSE of them per column."""

    def __init__(self, encoder: Encoder, codes: Floats, bins: Bins, evidence: Evidence, seed: int, trees: Trees) -> None:
        self._encoder, self._codes, self._bins = encoder, codes, bins
        self._evidence, self._seed, self._trees = evidence, seed, trees

    @abstractmethod
    def _learnt(self, rows: NDArray[np.int64]) -> list[Scorer]:
        """One per action."""

    def scorers(self) -> Sequence[Scorer]:
        """One per action."""
        return self._learnt(np.arange(len(self._codes)))

    def unseen(self, splits: Sequence[Split]) -> list[Floats]:
        """Per action."""
        scores = np.empty((len(self._codes), int(self._evidence.taken.max())))
        for inside, outside in splits:
            for position, scorer in enumerate(self._learnt(inside)):
                scores[outside, position] = scorer.score(self._encoder, self._codes[outside])
        return list(scores.T)

    def _grown(self, rows: NDArray[np.int64], target: Floats, weight: Floats) -> Scorer:
        return grown(self._codes[rows], target, self._seed, self._trees, weight, self._bins.take(rows))


class Grown(Forest):
    """Trees on rows that weigh stake ÷ propensity, of both arms; their target is the difference itself."""

    def _learnt(self, rows: NDArray[np.int64]) -> list[Scorer]:
        return [self._of(self._evidence.arms(action, rows)) for action in range(1, int(self._evidence.taken.max()) + 1)]

    def _of(self, arms: Arms) -> Scorer:
        return self._grown(arms.rows, arms.unexplained / arms.side, arms.weight / arms.weight.mean())


class Imputed(Forest):
    """Trees on imputed effects (X-learner; Künzel et al. 2019): what each decision came to, less what the other arm would have come to.

    Without propensities: less noise where a rule decides for most and chance for few, and right as far as the columns say who was chosen.
    Whether it is, is asked of all learners alike, with propensities (`ml.next_best_action.belief.weights`).
    """

    def _learnt(self, rows: NDArray[np.int64]) -> list[Scorer]:
        taken, outcome = self._evidence.taken[rows], self._evidence.left / self._evidence.stake
        arms = [rows[taken == action] for action in range(int(self._evidence.taken.max()) + 1)]
        levels = [self._at_stake(arm, outcome[arm]) for arm in arms]
        return [self._effect(arms[0], arms[action], levels[0], levels[action], outcome) for action in range(1, len(arms))]

    def _effect(self, control: NDArray[np.int64], treated: NDArray[np.int64], without: Scorer, under: Scorer, outcome: Floats) -> Scorer:
        gained = outcome[treated] - without.score(self._encoder, self._codes[treated])
        missed = under.score(self._encoder, self._codes[control]) - outcome[control]
        return self._at_stake(np.concatenate([treated, control]), np.concatenate([gained, missed]))

    def _at_stake(self, rows: NDArray[np.int64], target: Floats) -> Scorer:
        stake = self._evidence.stake
        return self._grown(rows, target, stake[rows] / stake.mean())
