"""What a policy would have earned, judged on decisions that another one made.

Comes in: for each logged decision what the new policy chooses, what was done, with which propensity, and the outcome.
Goes out: `estimator, value, low, high, effective_sample_size`, one row for each of IPS, SNIPS and DR; 95 % intervals.
IPS: Horvitz & Thompson (1952); SNIPS: Swaminathan & Joachims (2015); DR: Dudík, Langford & Li (2011).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ml.additive import Floats
from ml.logged import checked_choices, checked_log, order_of
from ml.outcomes import doubly_robust, expected_outcomes

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
    order = order_of(features, action)
    actions, propensities, outcomes = checked_log(action, propensity, outcome, order)
    wanted = checked_choices(chosen, actions.size, order)
    weights = (wanted == actions) / propensities
    if not weights.any():
        return pd.DataFrame([(name, np.nan, np.nan, np.nan, 0.0) for name in ("IPS", "SNIPS", "DR")], columns=list(COLUMNS))
    ess = float(weights.sum() ** 2 / (weights**2).sum())
    snips = float(weights @ outcomes / weights.sum())
    influence = {
        "IPS": weights * outcomes,
        "SNIPS": snips + weights / weights.mean() * (outcomes - snips),
        "DR": _doubly_robust(wanted, actions, propensities, outcomes, features, seed),
    }
    return pd.DataFrame([(name, *_interval(values), ess) for name, values in influence.items()], columns=list(COLUMNS))


def _doubly_robust(
    wanted: np.ndarray, actions: np.ndarray, propensities: Floats, outcomes: Floats, features: pd.DataFrame | None, seed: int
) -> Floats:
    known, positions = np.unique(np.concatenate([actions, wanted]).astype(str), return_inverse=True)
    taken, choice = positions[: actions.size], positions[actions.size :]
    expected = expected_outcomes(features, taken, outcomes, len(known), seed)
    return doubly_robust(expected, taken, propensities, outcomes)[np.arange(actions.size), choice]


def _interval(values: Floats) -> tuple[float, float, float]:
    mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else np.nan
    return mean, mean - 1.96 * error, mean + 1.96 * error
