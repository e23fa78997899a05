"""Do log-odds mean what they say? Slope and intercept of a logistic regression of the label on them: 1 and 0 where they do.

Comes in: labels (0/1), log-odds, how often each customer counts. Goes out: (slope, intercept), NaN where they do not exist.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_STEP = 1e-4  # the last of Newton: what is left is about its square
_FAR = 0.05  # of a draw: what is left is a thousandth, where its interval is a tenth


def calibration(label: ArrayLike, logit: ArrayLike, weights: ArrayLike | None = None) -> tuple[float, float]:
    """Slope and intercept of the logistic regression of the label on the predicted log-odds; NaN where they do not exist."""
    y, x = np.asarray(label, dtype=float), np.asarray(logit, dtype=float)
    w = np.ones(y.size) if weights is None else np.asarray(weights, dtype=float)
    return recalibrated(y, x, w, (1.0, 0.0))


def recalibrated(y: Floats, x: Floats, weights: Floats, start: tuple[float, float]) -> tuple[float, float]:
    """Newton steps for weighted logistic regression on one variable; NaN without variation in either."""
    if np.ptp(x) < 1e-9 or not weights @ y or not weights @ (1 - y):
        return np.nan, np.nan
    slope, intercept = start
    for _ in range(25):
        p = _chances(x, slope, intercept)
        residual, curvature = weights * (y - p), weights * p * (1 - p)
        along = curvature * x
        step = _step(float(residual @ x), residual.sum(), float(along @ x), along.sum(), curvature.sum())
        slope, intercept = slope + step[0], intercept + step[1]
        if not max(abs(step[0]), abs(step[1])) >= _STEP:
            break
    return float(slope), float(intercept)


class Near(NamedTuple):
    """The recalibration of a draw, whose slope and intercept are near those of all customers: one step of Newton, made from sums.

    Columns per customer: what pulls slope and intercept, and how they curve (slope, both, intercept). A draw that lies further off than
    _FAR goes on from there: with 50,000 customers hardly one does, and the exponential of all of them, twice a draw, was half of the time.
    """

    label: Floats
    logit: Floats
    start: tuple[float, float]
    sums: Floats

    @staticmethod
    def of(label: Floats, logit: Floats, slope: float, intercept: float) -> Near:
        """Near slope and intercept of all; 1 and 0 where those do not exist."""
        start = (slope, intercept) if np.isfinite([slope, intercept]).all() else (1.0, 0.0)
        p = _chances(logit, *start)
        residual, curvature = label - p, p * (1 - p)
        sums = [residual * logit, residual, curvature * logit**2, curvature * logit, curvature]
        return Near(label, logit, start, np.column_stack(sums))

    def drawn(self, weights: Floats) -> tuple[float, float]:
        """Slope and intercept of a draw; `weights`: how often it has each customer."""
        step = _step(*(weights @ self.sums))
        found = (self.start[0] + step[0], self.start[1] + step[1])
        if np.isfinite(found).all() and max(abs(step[0]), abs(step[1])) < _FAR and 0 < weights @ self.label < weights.sum():
            return found
        return recalibrated(self.label, self.logit, weights, self.start)


def _chances(x: Floats, slope: float, intercept: float) -> Floats:
    return 1 / (1 + np.exp(-np.clip(slope * x + intercept, -30, 30)))


def _step(g: float, h: float, a: float, b: float, c: float) -> tuple[float, float]:
    """Of Newton, from the gradient (g, h) and the curvature (a, b, b, c); NaN where that is flat."""
    determinant = a * c - b * b
    if determinant <= 1e-12:
        return np.nan, np.nan
    return (c * g - b * h) / determinant, (a * h - b * g) / determinant
