"""When customers leave, not only whether: a discrete-time survival model (grouped proportional hazards).

Comes in: a standardised design, and the month of the window in which each left (0 = stayed). Goes out: `SurvivalScorer`.
In month k who is still there leaves with hazard h(k, x) = exp(a(k) + x·b): P(there after k) = exp(−(exp a(1) + … + exp a(k)) · exp(x·b)),
Prentice & Gloeckler (1978), the complementary log-log of binary regression over person-months. Written as a likelihood per customer, no
row is repeated per month. The score is the complementary log-log of leaving within the window, a sum over columns, so that reasons stay
exact; the months only shift its base.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ml.additive import Floats, LinearScorer

Months = NDArray[np.int64]
DAYS_A_MONTH = 30
_EDGE = 30.0  # beyond it exp() says nothing more


@dataclass(frozen=True)
class SurvivalScorer(LinearScorer):
    """Its score s means P(leaves within the window) = 1 − exp(−exp(s)). `shares`: of the window's hazard, what falls into each month."""

    shares: Floats

    def arrays(self) -> dict[str, NDArray]:
        """What `restore` needs."""
        return {**super().arrays(), "shares": self.shares}

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


def fit_survival(design: Floats, month: Months, strength: float) -> SurvivalScorer:
    """Maximum likelihood with a ridge on the coefficients (`strength` as scikit-learn's C: a larger one shrinks less)."""
    months = int(month.max())
    left = np.bincount(month, minlength=months + 1)[1:] + 0.5
    start = np.concatenate([np.log(left / (month.size + 1)), np.zeros(design.shape[1])])
    found = minimize(_loss, start, args=(design, month, months, strength), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    hazards = np.exp(found.x[:months])
    return SurvivalScorer(float(np.log(hazards.sum())), found.x[months:], hazards / hazards.sum())


def _loss(params: Floats, design: Floats, month: Months, months: int, strength: float) -> tuple[float, Floats]:
    """Σ log-likelihood, negative, plus the ridge ÷ strength; and its gradient."""
    base, slope = np.exp(np.clip(params[:months], -_EDGE, _EDGE)), params[months:]
    risk = np.exp(np.clip(design @ slope, -_EDGE, _EDGE))
    left = month > 0
    before = np.concatenate([[0.0], np.cumsum(base)])
    through = np.where(left, before[np.maximum(month - 1, 0)], before[-1])  # hazard of the months survived
    own = np.where(left, base[np.maximum(month - 1, 0)] * risk, 1.0)
    likelihood = -through * risk + np.where(left, np.log(-np.expm1(-own)), 0.0)
    pull = np.where(left, own / np.expm1(own), 0.0)  # of log(1 − exp(−own)) by the logarithm of own
    along = -through * risk + pull
    survived = np.where(left, month - 1, months)
    weight = np.array([risk[survived > k].sum() for k in range(months)])
    steps = -base * weight + np.array([pull[month == k + 1].sum() for k in range(months)])
    ridge = slope / strength
    return float(-likelihood.sum() + slope @ ridge / 2), np.concatenate([-steps, -(design.T @ along) + ridge])
