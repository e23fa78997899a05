"""What a policy would have earned, judged on decisions that another one made.

Comes in: for each logged decision what the new policy chooses, what was done, with which propensity, and the outcome.
Goes out: `estimator, value, low, high, effective_sample_size`, one row for each of IPS, SNIPS and DR; 95 % intervals, which
allow for few decisions that count and for outcomes or weights of which a few are very large (`ml.means`).
IPS: Horvitz & Thompson (1952); SNIPS: Swaminathan & Joachims (2015); DR: Dudík, Langford & Li (2011).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ml.judged import Judged
from ml.means import mean_interval

COLUMNS = ("estimator", "value", "low", "high", "effective_sample_size")


def evaluate(
    chosen: ArrayLike,
    action: ArrayLike,
    propensity: ArrayLike,
    outcome: ArrayLike,
    features: pd.DataFrame | None = None,
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """One row per estimator. With `features` the DR row uses a cross-fitted outcome model, without them the actions' means.

    Effective sample size = (Σ weights)² ÷ Σ weights². Where the log never did what the policy chooses, every value is NaN.
    Series are put in the order of the features (without those, of the actions) by their labels; `chosen` may be one action for all.
    `chosen` must not be learnt from the same rows (cross-fit it), or it will look better than it is.
    """
    return estimates(Judged.of(action, propensity, outcome, features, [chosen], seed), chosen)


def estimates(log: Judged, chosen: ArrayLike) -> pd.DataFrame:
    """`evaluate` on decisions that are at hand already."""
    places = log.places(chosen)
    weights = (log.taken == places) / log.propensity
    if not weights.any():
        return pd.DataFrame([(name, np.nan, np.nan, np.nan, 0.0) for name in ("IPS", "SNIPS", "DR")], columns=list(COLUMNS))
    snips = float(weights @ log.outcome / weights.sum())
    influence = {
        "IPS": weights * log.outcome,
        "SNIPS": snips + weights / weights.mean() * (log.outcome - snips),
        "DR": log.scores_of(places),
    }
    ess = log.effective(places)
    return pd.DataFrame([(name, *mean_interval(values, ess), ess) for name, values in influence.items()], columns=list(COLUMNS))
