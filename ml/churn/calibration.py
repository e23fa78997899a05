"""Whether probabilities mean what they say, and a correction where they do not.

Comes in: out-of-fold log-odds of the chosen candidate. Goes out: slope and intercept that map log-odds to log-odds.
Platt's sigmoid, not isotonic steps: it keeps the order of customers and the parts of an explanation exact. Used only where
it lowers the cross-fitted log loss by more than one standard error.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ml.additive import Floats
from ml.churn.folds import Split
from ml.churn.selection import clustered_error
from ml.evaluation import log_losses
from ml.recalibration import calibration

Line = tuple[float, float]
IDENTITY: Line = (1.0, 0.0)


def probabilities(scores: Floats, line: Line) -> Floats:
    """Calibrated probabilities of log-odds."""
    return 1 / (1 + np.exp(-(line[0] * scores + line[1])))


def correct(label: Floats, scores: Floats, splits: list[Split], groups: NDArray[np.int64] | None) -> tuple[Line, Floats]:
    """The correction for new customers, and cross-fitted probabilities of these (each fold corrected by the others)."""
    plain = probabilities(scores, IDENTITY)
    crossed = plain.copy()
    for inside, outside in splits:
        crossed[outside] = probabilities(scores[outside], _line(label[inside], scores[inside]))
    gain = log_losses(label, plain) - log_losses(label, crossed)
    if gain.mean() <= clustered_error(gain, groups):
        return IDENTITY, plain
    return _line(label, scores), crossed


def _line(label: Floats, scores: Floats) -> Line:
    """Least-loss line; the identity where there is none, or where it would turn the order round."""
    slope, intercept = calibration(label, scores)
    return (slope, intercept) if np.isfinite(slope) and slope > 0 else IDENTITY
