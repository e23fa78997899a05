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

from ml.recalibration import Near, recalibrated
from ml.threads import alone

Floats = NDArray[np.float64]
METRICS = ("roc_auc", "pr_auc", "lift_top_10", "precision_top_10", "brier", "log_loss", "calibration_slope", "calibration_intercept")
_TOP = 0.10
_EPSILON = 1e-9


@alone
def evaluate(label: ArrayLike, probability: ArrayLike, *, draws: int = 200, seed: int = 0) -> pd.DataFrame:
    """Every metric of METRICS. One row per metric: `metric`, `value`, `low`, `high`; NaN where it is not defined."""
    ranked = _ranked(label, probability)
    generator, rows = np.random.default_rng(seed), ranked.label.size
    value = [*_metrics(ranked, np.ones(rows)), *recalibrated(ranked.label, ranked.logit, np.ones(rows), (1.0, 0.0))]
    near = Near.of(ranked.label, ranked.logit, value[-2], value[-1])
    drawn = []
    for _ in range(draws):
        weights = _resampled(generator, rows)[ranked.order]
        drawn.append([*_metrics(ranked, weights), *near.drawn(weights)])
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
    groups = np.unique(-np.asarray(score, dtype=float), return_inverse=True)[1]
    positives, everyone = np.bincount(groups, weights=y).astype(np.float64), np.bincount(groups).astype(np.float64)
    return _area(positives, everyone, np.cumsum(positives), np.cumsum(everyone)) if y.size else np.nan


@dataclass(frozen=True)
class _Ranked:
    """Customers in the order of their probabilities, the highest first, and what does not depend on how often a draw takes each."""

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
    order = np.argsort(-p, kind="stable")
    y, p = y[order], p[order]
    clipped = np.clip(p, _EPSILON, 1 - _EPSILON)
    starts = np.flatnonzero(np.append(True, np.diff(p) < 0)) if p.size else np.empty(0, dtype=np.int64)
    return _Ranked(y, np.log(clipped) - np.log1p(-clipped), log_losses(y, p), (p - y) ** 2, order, starts)


def _resampled(generator: np.random.Generator, rows: int) -> Floats:
    return np.bincount(generator.integers(0, rows, rows), minlength=rows).astype(float)


def _metrics(ranked: _Ranked, w: Floats) -> list[float]:
    """All but slope and intercept. `w`: how often each customer counts, in the order of `ranked`."""
    positives, everyone = _summed(w * ranked.label, ranked.starts), _summed(w, ranked.starts)
    found, seen = np.cumsum(positives), np.cumsum(everyone)
    total, base = float(seen[-1]), float(found[-1] / seen[-1])
    precision = _precision_at_top(found, seen, _TOP * total)
    return [
        _area(positives, everyone, found, seen),
        float(positives @ (found / np.maximum(seen, _EPSILON)) / found[-1]) if base > 0 else np.nan,
        precision / base if base > 0 else np.nan,
        precision,
        float(w @ ranked.squares / total),
        float(w @ ranked.losses / total),
    ]


def _summed(values: Floats, starts: NDArray[np.int64]) -> Floats:
    """Per group, which mostly is one customer."""
    return values if starts.size == values.size else np.asarray(np.add.reduceat(values, starts), dtype=np.float64)


def _area(positives: Floats, everyone: Floats, found: Floats, seen: Floats) -> float:
    """ROC-AUC of groups in order, the highest first; `found` and `seen` are the running sums."""
    leavers, stayers = found[-1], seen[-1] - found[-1]
    if not leavers or not stayers:
        return np.nan
    below = stayers - (seen - found) + (everyone - positives) / 2
    return float(positives @ below / (leavers * stayers))


def _precision_at_top(found: Floats, seen: Floats, top: float) -> float:
    """Share of leavers among the `top` highest scores; a group that straddles the line counts with its average."""
    last = int(np.searchsorted(seen, top))
    before = (found[last - 1], seen[last - 1]) if last else (0.0, 0.0)
    part = (top - before[1]) / max(seen[last] - before[1], _EPSILON)
    return float((before[0] + part * (found[last] - before[0])) / top)


def _interval(sampled: Floats) -> tuple[Floats, Floats]:
    """2.5 % and 97.5 % quantiles per column; NaN where fewer than half the draws have a value."""
    defined = np.isfinite(sampled).mean(axis=0) >= 0.5
    safe = np.where(defined, sampled, 0.0)
    low, high = np.nanquantile(safe, [0.025, 0.975], axis=0)
    return np.where(defined, low, np.nan), np.where(defined, high, np.nan)
