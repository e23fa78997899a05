"""How good a forecast of purchases is, on a period the model has not seen.

Comes in: expected and actual purchases per customer, and the naive forecast. Goes out: `metric, value`.
Not the mean absolute error: predicting zero for everyone nearly ties there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import spearmanr

from ml.clv.counted import Floats


def judge(expected: ArrayLike, actual: ArrayLike, naive: ArrayLike) -> pd.DataFrame:
    """One row per metric: totals, RMSE beside the naive forecast's and zero's, Spearman, Gini, top-decile share, calibration."""
    e, a, n = (np.asarray(values, dtype=float) for values in (expected, actual, naive))
    deciles = np.array_split(np.argsort(e, kind="stable"), 10)
    gaps = [abs(e[part].mean() - a[part].mean()) for part in deciles if part.size]
    metrics = {
        "total_expected": e.sum(),
        "total_actual": a.sum(),
        "rmse": _rmse(e, a),
        "rmse_naive": _rmse(n, a),
        "rmse_zero": _rmse(np.zeros_like(a), a),
        "spearman": float(spearmanr(e, a).statistic),
        "normalised_gini": _gini(a, e) / _gini(a, a),
        "top_decile_share": a[deciles[-1]].sum() / a.sum(),
        "decile_calibration_error": float(np.mean(gaps)),
    }
    return pd.DataFrame({"metric": list(metrics), "value": [float(value) for value in metrics.values()]})


def _rmse(forecast: Floats, actual: Floats) -> float:
    return float(np.sqrt(((forecast - actual) ** 2).mean()))


def _gini(actual: Floats, order: Floats) -> float:
    """Area between the share of purchases found, best first, and chance."""
    found = np.cumsum(actual[np.argsort(-order, kind="stable")]) / actual.sum()
    return float((found - np.arange(1, actual.size + 1) / actual.size).mean())
