"""How good probabilities are, each number with a 95 % bootstrap interval.

Comes in: labels (0/1) and predicted probabilities of the same customers. Goes out: frames `metric, value, low, high`.
Proper scores (log loss, Brier) judge the probabilities; ROC-AUC, PR-AUC, lift and precision judge their order; slope and
intercept of a logistic recalibration judge whether they mean what they say (1 and 0 when they do).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ml.threads import alone

Floats = NDArray[np.float64]
METRICS = ("roc_auc", "pr_auc", "lift_top_10", "precision_top_10", "brier", "log_loss", "calibration_slope", "calibration_intercept")
_TOP = 0.10
_EPSILON = 1e-9
_STEP = 1e-4  # the last of Newton: what is left is about its square


@alone
def evaluate(label: ArrayLike, probability: ArrayLike, *, draws: int = 200, seed: int = 0) -> pd.DataFrame:
    """Every metric of METRICS. One row per metric: `metric`, `value`, `low`, `high`; NaN where it is not defined."""
    ranked = _ranked(label, probability)
    generator = np.random.default_rng(seed)
    value = _metrics(ranked, np.ones(ranked.label.size))
    found = (value[-2], value[-1]) if np.isfinite(value[-2:]).all() else (1.0, 0.0)  # a draw's slope is near that of all
    drawn = [_metrics(ranked, _resampled(generator, ranked.label.size), found) for _ in range(draws)]
    sampled = np.array(drawn).reshape(draws, len(METRICS))
    low, high = _interval(sampled)
    return pd.DataFrame({"metric": METRICS, "value": value, "low": low, "high": high})


def difference(
    label: ArrayLike, probability: ArrayLike, other: ArrayLike, *, draws: int = 500, seed: int = 0
) -> tuple[float, float, float]:
    """Log loss of `other` minus that of `probability`, with its interval: above 0, `probability` is the better forecast.

    Paired: both are judged on the same resampled customers, so that what is hard for both cancels.
    """
    y = np.asarray(label, dtype=float)
    gain = log_losses(y, np.asarray(other, dtype=float)) - log_losses(y, np.asarray(probability, dtype=float))
    generator = np.random.default_rng(seed)
    sampled = [float(np.average(gain, weights=_resampled(generator, y.size))) for _ in range(draws)]
    low, high = np.quantile(sampled, [0.025, 0.975])
    return float(gain.mean()), float(low), float(high)


def log_losses(label: Floats, probability: Floats) -> Floats:
    """Log loss of each customer."""
    p = np.clip(probability, _EPSILON, 1 - _EPSILON)
    return -(label * np.log(p) + (1 - label) * np.log1p(-p))


def roc_auc(label: ArrayLike, score: ArrayLike) -> float:
    """Probability that a random leaver scores above a random stayer (ties count half); NaN when one group is empty."""
    y = np.asarray(label, dtype=float)
    groups = np.unique(np.asarray(score, dtype=float), return_inverse=True)[1]
    positives = np.bincount(groups, weights=y).astype(np.float64)
    return _auc(positives, np.bincount(groups) - positives)


def calibration(label: ArrayLike, logit: ArrayLike, weights: ArrayLike | None = None) -> tuple[float, float]:
    """Slope and intercept of the logistic regression of the label on the predicted log-odds; NaN where they do not exist."""
    y, x = np.asarray(label, dtype=float), np.asarray(logit, dtype=float)
    w = np.ones(y.size) if weights is None else np.asarray(weights, dtype=float)
    return _recalibrated(y, x, w, (1.0, 0.0))


@dataclass(frozen=True)
class _Ranked:
    """Customers in the order of their probabilities, the lowest first, and what does not depend on how often a draw takes each."""

    label: Floats
    logit: Floats
    losses: Floats
    squares: Floats  # of the errors
    order: NDArray[np.int64]
    starts: NDArray[np.int64]  # of each group of equal probabilities


def _ranked(label: ArrayLike, probability: ArrayLike) -> _Ranked:
    y, p = np.asarray(label, dtype=float), np.asarray(probability, dtype=float)
    if y.shape != p.shape or not np.isin(y, (0.0, 1.0)).all() or np.isnan(p).any():
        raise ValueError("evaluate: needs one label (0 or 1) and one probability per customer, none missing")
    order = np.argsort(p, kind="stable")
    y, p = y[order], p[order]
    clipped = np.clip(p, _EPSILON, 1 - _EPSILON)
    starts = np.flatnonzero(np.append(True, np.diff(p) > 0)) if p.size else np.empty(0, dtype=np.int64)
    return _Ranked(y, np.log(clipped) - np.log1p(-clipped), log_losses(y, p), (p - y) ** 2, order, starts)


def _resampled(generator: np.random.Generator, rows: int) -> Floats:
    return np.bincount(generator.integers(0, rows, rows), minlength=rows).astype(float)


def _metrics(ranked: _Ranked, weights: Floats, start: tuple[float, float] = (1.0, 0.0)) -> list[float]:
    """`weights`: how often each customer counts, in their order. `start`: where the search for slope and intercept begins."""
    y, w = ranked.label, weights[ranked.order]
    positives, everyone = _summed(w * y, ranked.starts), _summed(w, ranked.starts)
    negatives = everyone - positives
    total, base = w.sum(), positives.sum() / w.sum()
    precision = _precision_at_top(positives, negatives, _TOP * total)
    return [
        _auc(positives, negatives),
        _average_precision(positives, negatives),
        precision / base if base > 0 else np.nan,
        precision,
        float(w @ ranked.squares / total),
        float(w @ ranked.losses / total),
        *_recalibrated(y, ranked.logit, w, start),
    ]


def _summed(values: Floats, starts: NDArray[np.int64]) -> Floats:
    """Per group, which mostly is one customer."""
    return values if starts.size == values.size else np.asarray(np.add.reduceat(values, starts), dtype=np.float64)


def _auc(positives: Floats, negatives: Floats) -> float:
    if not positives.sum() or not negatives.sum():
        return np.nan
    below = np.cumsum(negatives) - negatives
    return float(positives @ (below + negatives / 2) / (positives.sum() * negatives.sum()))


def _average_precision(positives: Floats, negatives: Floats) -> float:
    if not positives.sum():
        return np.nan
    found, seen = np.cumsum(positives[::-1]), np.cumsum((positives + negatives)[::-1])
    return float(positives[::-1] @ (found / np.maximum(seen, _EPSILON)) / positives.sum())


def _precision_at_top(positives: Floats, negatives: Floats, top: float) -> float:
    """Share of leavers among the `top` highest scores; a group that straddles the line counts with its average."""
    sizes = (positives + negatives)[::-1]
    taken = np.clip(top - (np.cumsum(sizes) - sizes), 0.0, sizes)
    rates = positives[::-1] / np.maximum(sizes, _EPSILON)
    return float(taken @ rates / top)


def _recalibrated(y: Floats, x: Floats, weights: Floats, start: tuple[float, float]) -> tuple[float, float]:
    """Newton steps for weighted logistic regression on one variable; NaN without variation in either."""
    if np.ptp(x) < 1e-9 or not weights @ y or not weights @ (1 - y):
        return np.nan, np.nan
    slope, intercept = start
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(slope * x + intercept, -30, 30)))
        residual = weights * (y - p)
        curvature = weights * p * (1 - p)
        along = curvature * x
        a, b, c = along @ x, along.sum(), curvature.sum()
        determinant = a * c - b * b
        if determinant <= 1e-12:
            return np.nan, np.nan
        g, h = residual @ x, residual.sum()
        step = ((c * g - b * h) / determinant, (a * h - b * g) / determinant)
        slope, intercept = slope + step[0], intercept + step[1]
        if max(abs(step[0]), abs(step[1])) < _STEP:
            break
    return float(slope), float(intercept)


def _interval(sampled: Floats) -> tuple[Floats, Floats]:
    """2.5 % and 97.5 % quantiles per column; NaN where fewer than half the draws have a value."""
    defined = np.isfinite(sampled).mean(axis=0) >= 0.5
    safe = np.where(defined, sampled, 0.0)
    low, high = np.nanquantile(safe, [0.025, 0.975], axis=0)
    return np.where(defined, low, np.nan), np.where(defined, high, np.nan)
