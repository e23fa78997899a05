"""A scorer of when, not only whether: a linear model of the hazard of leaving, month by month.

Comes in: `codes`. Goes out: a score that is a sum over columns, the probability it means, and the whole curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.additive.scorers import Floats, LinearScorer

_EDGE = 30.0  # beyond it exp() says nothing more


@dataclass(frozen=True)
class SurvivalScorer(LinearScorer):
    """Its score s means P(leaves within the window) = 1 − exp(−exp(s)). `shares`: of the window's hazard, what falls into each month."""

    shares: Floats

    def arrays(self) -> dict[str, NDArray]:
        """What `restore` needs."""
        return {"base": np.array(self.base), "coefficients": self.coefficients, "shares": self.shares}

    def staying(self, score: Floats) -> Floats:
        """Rows × months: the chance of still being there after each."""
        return np.exp(-np.exp(np.minimum(score, _EDGE))[:, None] * np.cumsum(self.shares))


def leaving(score: Floats) -> Floats:
    """Probability of leaving within the window."""
    return -np.expm1(-np.exp(np.clip(score, -_EDGE, _EDGE)))


def log_odds(score: Floats) -> Floats:
    """The score as log-odds, in which candidates are compared."""
    hazard = np.exp(np.clip(score, -_EDGE, _EDGE))
    return hazard + np.log(-np.expm1(-hazard))
