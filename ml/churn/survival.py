"""When customers leave, not only whether: a discrete-time survival model (grouped proportional hazards).

Comes in: a standardised design, and the month of the window in which each left (0 = stayed). Goes out: `SurvivalScorer`.
In month k who is still there leaves with hazard h(k, x) = exp(a(k) + x·b): P(there after k) = exp(−(exp a(1) + … + exp a(k)) · exp(x·b)),
Prentice & Gloeckler (1978), the complementary log-log of binary regression over person-months. Written as a likelihood per customer, no
row is repeated per month. The score is the complementary log-log of leaving within the window, a sum over columns, so that reasons
stay exact; the months only shift its base.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ml.additive import Floats, SurvivalScorer

Months = NDArray[np.int64]
DAYS_A_MONTH = 30
_EDGE = 30.0  # beyond it exp() says nothing more


def months_of(left: Floats, after_days: Floats, window_days: int) -> Months | None:
    """The month of the window in which each left, from 1, 0 for those who stayed; None where the day of somebody who left is unknown."""
    if np.isnan(after_days[left > 0]).any():
        return None
    last = -(-window_days // DAYS_A_MONTH)
    return np.where(left > 0, np.clip(np.nan_to_num(after_days) // DAYS_A_MONTH + 1, 1, last), 0).astype(np.int64)


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
    with np.errstate(over="ignore"):  # beyond the largest number the quotient is 0, as it should be
        pull = np.where(left, own / np.expm1(own), 0.0)  # of log(1 − exp(−own)) by the logarithm of own
    along = -through * risk + pull
    survived = np.where(left, month - 1, months)
    weight = np.array([risk[survived > k].sum() for k in range(months)])
    steps = -base * weight + np.array([pull[month == k + 1].sum() for k in range(months)])
    ridge = slope / strength
    return float(-likelihood.sum() + slope @ ridge / 2), np.concatenate([-steps, -(design.T @ along) + ridge])
