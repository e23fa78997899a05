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
    """One row per metric: totals, RMSE, Spearman, Gini, top-decile share, each beside the naive forecast's; calibration."""
    e, a, n = (np.asarray(values, dtype=float) for values in (expected, actual, naive))
    deciles = np.array_split(np.argsort(e, kind="stable"), 10)
    gaps = [abs(e[part].mean() - a[part].mean()) for part in deciles if part.size]
    metrics = {
        "total_expected": e.sum(),
        "total_actual": a.sum(),
        "total_naive": n.sum(),
        "rmse": _rmse(e, a),
        "rmse_naive": _rmse(n, a),
        "rmse_zero": _rmse(np.zeros_like(a), a),
        **_ranking(a, e, ""),
        **_ranking(a, n, "_naive"),
        "decile_calibration_error": float(np.mean(gaps)),
    }
    return pd.DataFrame({"metric": list(metrics), "value": [float(value) for value in metrics.values()]})


def _ranking(actual: Floats, forecast: Floats, of: str) -> dict[str, float]:
    """How well a forecast orders customers; NaN where nobody bought, for then nobody can be ranked, or where it tells nobody apart."""
    names = [f"{name}{of}" for name in ("spearman", "normalised_gini", "top_decile_share")]
    if not actual.sum() or np.ptp(forecast) == 0:
        return dict.fromkeys(names, np.nan)
    top = np.array_split(np.argsort(forecast, kind="stable"), 10)[-1]
    found = float(spearmanr(forecast, actual).statistic), _gini(actual, forecast) / _gini(actual, actual), actual[top].sum() / actual.sum()
    return dict(zip(names, map(float, found), strict=True))


def by_frequency(frequency: ArrayLike, expected: ArrayLike, actual: ArrayLike, most: int = 7) -> pd.DataFrame:
    """One row per number of repeats seen (`most` stands for more too): `frequency`, customers, mean `expected` and `actual` purchases."""
    seen = np.minimum(np.asarray(frequency, dtype=float), most).astype(int)
    frame = pd.DataFrame({"frequency": seen, "expected": np.asarray(expected, dtype=float), "actual": np.asarray(actual, dtype=float)})
    means = {"customers": ("actual", "size"), "expected": ("expected", "mean"), "actual": ("actual", "mean")}
    return frame.groupby("frequency", as_index=False).agg(**means)


def _rmse(forecast: Floats, actual: Floats) -> float:
    return float(np.sqrt(((forecast - actual) ** 2).mean()))


def _gini(actual: Floats, order: Floats) -> float:
    """Area between the share of purchases found, best first, and chance."""
    found = np.cumsum(actual[np.argsort(-order, kind="stable")]) / actual.sum()
    return float((found - np.arange(1, actual.size + 1) / actual.size).mean())
