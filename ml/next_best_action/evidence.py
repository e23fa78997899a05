"""The log as learners of effects see it, and the decisions for each action boiled down to sums: all that linear learners need.

Comes in: rows of the log with their design, what the outcome model left unexplained and what is at stake for each customer.
Goes out: `Evidence`, `Stakes`, and `Sums` per arm. Effects are sought per unit of stake (p · (1 − p) of a chance p: on the log-odds, that
is): who cannot leave has nothing to gain, and their certain outcomes say nothing of those who can. Rows weigh stake ÷ propensity.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ml.additive import Floats

_LEAST_STAKE = 0.1  # of the mean: a stake near 0 would make one surprise outweigh everything
_MOST_STAKE = (
    4.0  # of the mean: of six referrals in 400 a call was believed to bring 28 points to those whose own chance was 30 times the usual
)


@dataclass(frozen=True)
class Evidence:
    """The log as the learners see it, one entry per decision. `left`: outcome less what was expected whatever is done."""

    taken: NDArray[np.int64]
    propensity: Floats
    left: Floats
    stake: Floats

    @property
    def evenness(self) -> float:
        """0 … 1: what share of its decisions the arm is worth (effective ÷ actual) in which 1 ÷ propensity differs most."""
        weight = 1 / self.propensity
        total, squares, counts = (np.bincount(self.taken, weight**power) for power in (1, 2, 0))
        return float((total**2 / (squares * counts))[counts > 0].min())

    def without_propensities(self, left: Floats) -> Evidence:
        """As if every decision had been as likely as any other; `left`: as of the class."""
        return replace(self, propensity=np.ones(self.taken.size), left=left)

    def arms(self, action: int, within: NDArray[np.int64] | None = None) -> Arms:
        """The decisions for `action` or the control, among the rows `within`."""
        rows = np.flatnonzero((self.taken == 0) | (self.taken == action)) if within is None else within
        rows = rows[(self.taken[rows] == 0) | (self.taken[rows] == action)]
        treated = self.taken[rows] == action
        weight = self.stake[rows] / self.propensity[rows]
        weight = weight / np.where(treated, weight[treated].sum(), weight[~treated].sum())
        per_stake = self.left[rows] / self.stake[rows]
        levels = [float((weight * per_stake)[side].sum()) for side in (~treated, treated)]
        return Arms(rows, treated, weight, per_stake - np.where(treated, levels[1], levels[0]), levels[1] - levels[0])

    def arm(self, action: int) -> tuple[NDArray[np.int64], Floats, Floats]:
        """The decisions for one action: which, weights of 1 in all, and what they came to per unit of stake, less the mean of the arm."""
        rows = np.flatnonzero(self.taken == action)
        weight, per_stake = self.stake[rows] / self.propensity[rows], self.left[rows] / self.stake[rows]
        weight = weight / weight.sum()
        return rows, weight, per_stake - weight @ per_stake


@dataclass(frozen=True)
class Arms:
    """Rows of two arms. `unexplained`: per unit of stake, less the mean of its arm; `mean`: the difference of those means."""

    rows: NDArray[np.int64]
    treated: NDArray[np.bool_]
    weight: Floats
    unexplained: Floats
    mean: float

    @property
    def side(self) -> Floats:
        """+½ for the action, −½ for the control."""
        return np.where(self.treated, 0.5, -0.5)

    @property
    def error(self) -> float:
        """Standard error of `mean`."""
        return float(np.sqrt((self.weight**2 * self.unexplained**2).sum()))


@dataclass(frozen=True)
class Sums:
    """What the rows of one arm add up to, so that folds are added up and the control is summed once for all actions.

    Of weights w = stake ÷ propensity, designs d and outcomes y: Σ w, Σ w·d, Σ w·d·dᵀ, Σ w·y, Σ w·d·y; `spread`: Σ w², Σ w²·y, Σ w²·y².
    """

    weight: float
    first: Floats
    second: Floats
    outcome: float
    product: Floats
    spread: Floats

    @staticmethod
    def of(design: Floats, weight: Floats, outcome: Floats) -> Sums:
        """`outcome`: per unit of stake."""
        weighted = design * weight[:, None]
        spread = np.array([(weight**2 * outcome**power).sum() for power in range(3)])
        return Sums(float(weight.sum()), weighted.sum(axis=0), design.T @ weighted, float(weight @ outcome), weighted.T @ outcome, spread)

    def __add__(self, other: Sums) -> Sums:
        """Those of the rows of both."""
        return Sums(*(mine + theirs for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True)))

    def squares_about(self, centre: Floats) -> Floats:
        """Σ of weights that are 1 in all times the squares about `centre`."""
        mean = self.first / self.weight
        return self.second / self.weight - np.outer(mean, centre) - np.outer(centre, mean) + np.outer(centre, centre)

    def slope(self) -> Floats:
        """How the outcome goes with the design."""
        return self.product / self.weight - self.first / self.weight * (self.outcome / self.weight)

    def information(self) -> Floats:
        """On how the outcome goes with the design."""
        return self.squares_about(self.first / self.weight) / max(self.variance(), 1e-300)

    def variance(self) -> float:
        """Of the mean outcome."""
        level = self.outcome / self.weight
        return float(self.spread @ [level**2, -2 * level, 1.0]) / self.weight**2


@dataclass(frozen=True)
class Stakes:
    """How far an action can move an outcome. `least`: of outcomes of 0 and 1, None for others; those have `unit`, the spread of surprises.

    The priors of differences speak of such units: without them money told in cents would teach what no money in dollars does.
    """

    least: float | None
    unit: float = 1.0

    @staticmethod
    def learnt(expected: Floats, left: Floats, *, is_chance: bool) -> Stakes:
        """Of a log, by what was expected and what outcomes came to beyond it. `is_chance`: outcomes are 0 and 1."""
        if is_chance:
            return Stakes(max(1e-6, _LEAST_STAKE * float(_variance(expected).mean())))
        return Stakes(None, float(left.std()) or 1.0)

    def of(self, expected: Floats) -> Floats:
        """Of each outcome: p · (1 − p), at least `least` and at most 40 times that; `unit` for everyone where outcomes are no 0 and 1."""
        if self.least is None:
            return np.full(expected.size, self.unit)
        return np.clip(_variance(expected), self.least, _MOST_STAKE / _LEAST_STAKE * self.least)


def _variance(expected: Floats) -> Floats:
    chance = np.clip(expected, 0.0, 1.0)
    return chance * (1 - chance)


def summed(evidence: Evidence, design: Floats, rows: NDArray[np.int64]) -> list[Sums]:
    """Per action the sums of its decisions among `rows`, the control's first."""
    arms = (rows[evidence.taken[rows] == action] for action in range(int(evidence.taken.max()) + 1))
    weight, outcome = evidence.stake / evidence.propensity, evidence.left / evidence.stake
    return [Sums.of(design[arm], weight[arm], outcome[arm]) for arm in arms]
