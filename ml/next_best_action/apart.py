"""What a log says when its propensities are left aside, by a line for each arm; and how far that is to be believed.

Comes in: codes and `Evidence`. Goes out: what outcomes came to beyond what was expected, the lines told first; and mean effects.

Where a rule decides for most and chance for few, 1 ÷ propensity is unbiased and noisy: of fifteen thousand decisions of which a tenth was
left to chance it knows as much of a mean as eleven hundred do. Lines of the arms have less noise, and are right as far as a line says what
an arm comes to and the columns say who was chosen. How far that is shows in how much further the two are apart than their noise takes
them (Hausman 1978); so both go into one estimate, the lines for less the more they lean (Green & Strawderman 1991).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.additive import Floats, Ranks
from ml.encoding import Encoder
from ml.next_best_action.evidence import Evidence
from ml.outcomes import OUTCOME_TREES, TREES_FROM, fold_rows, regress

# Where every arm is worth three quarters of its decisions, to do without propensities changes next to nothing and takes half of the time.
EVEN = 0.75
_PRIOR = 25.0  # decisions' worth of saying that a column tells nothing
Means = tuple[Floats, Floats]  # per action after the control, per unit of stake: the effect over the log, and the error of that


def beyond_lines(encoder: Encoder, codes: Floats, taken: NDArray[np.int64], outcome: Floats, seed: int) -> Floats:
    """Outcomes less what was expected whatever is done, out of fold: the mean of the arms' lines, and what trees say of the rest.

    Trees that are told of no arm learn what the arm does that the rule gives to such customers, and leave little of the effect to be found.
    So each arm has its line before they are asked.
    """
    design, left = Ranks.fit(codes).design(codes), np.empty(outcome.size)
    for inside, outside in fold_rows(outcome.size, seed):
        lines = [_Line.of(design[arm], outcome[arm], np.ones(arm.size)) for arm in _arms(taken, inside)]
        left[outside] = outcome[outside] - np.mean([one.at(design[outside]) for one in lines], axis=0)
        if inside.size >= TREES_FROM:
            rest = outcome[inside] - np.column_stack([one.at(design[inside]) for one in lines])[np.arange(inside.size), taken[inside]]
            left[outside] -= regress(encoder, codes[inside], rest, seed, OUTCOME_TREES).score(encoder, codes[outside])
    return left


def together(weighted: Means, evidence: Evidence, codes: Floats) -> Means:
    """`weighted`, by propensities, and the means by lines of `evidence` as one: the noise of the first against the lean of the second.

    The lean is what lies between them beyond the noise, over all actions. Where propensities have less noise, lines do not count.
    """
    means, errors = weighted
    told, doubts = _by_lines(evidence, codes)
    noise = np.maximum(errors**2 - doubts**2, 0.0)
    lean = max(0.0, float(((told - means) ** 2 - noise).mean()))
    share = noise / np.maximum(noise + lean, 1e-300)
    return means + share * (told - means), np.sqrt(errors**2 - noise + share * lean)


def _by_lines(evidence: Evidence, codes: Floats) -> Means:
    design, per_stake = Ranks.fit(codes).design(codes), evidence.left / evidence.stake
    middle = np.average(design, axis=0, weights=evidence.stake)[None, :]
    arms = _arms(evidence.taken, np.arange(evidence.taken.size))
    lines = [_Line.of(design[arm], per_stake[arm], evidence.stake[arm]) for arm in arms]
    levels, errors = np.array([one.at(middle)[0] for one in lines]), np.array([one.error(middle[0]) for one in lines])
    return levels[1:] - levels[0], np.hypot(errors[1:], errors[0])


def _arms(taken: NDArray[np.int64], rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [rows[taken[rows] == action] for action in range(int(taken.max()) + 1)]


@dataclass(frozen=True)
class _Line:
    """A ridge regression of one arm; `spread`: covariance of what it found, by the residuals of its own rows."""

    centre: Floats
    level: float
    slopes: Floats
    spread: Floats

    @staticmethod
    def of(design: Floats, outcome: Floats, weight: Floats) -> _Line:
        weight = weight / weight.mean()
        centre, level = np.average(design, axis=0, weights=weight), float(np.average(outcome, weights=weight))
        x, y = design - centre, outcome - level
        unsure = np.linalg.inv(x.T @ (x * weight[:, None]) + _PRIOR * np.eye(x.shape[1]))
        slopes = unsure @ (x.T @ (weight * y))
        pulls = np.column_stack([np.full(y.size, 1 / y.size), x @ unsure]) * (weight * (y - x @ slopes))[:, None]
        return _Line(centre, level, slopes, pulls.T @ pulls)

    def at(self, design: Floats) -> Floats:
        """What is expected of customers."""
        return self.level + (design - self.centre) @ self.slopes

    def error(self, customer: Floats) -> float:
        """Standard error of what is expected of one."""
        from_here = np.append(1.0, customer - self.centre)
        return float(np.sqrt(from_here @ self.spread @ from_here))
