"""A log of past decisions as plain arrays: in the order of the rows, checked for what no estimate survives.

Comes in: whatever a caller has: Series, lists, arrays, one number for all. Goes out: arrays of one value per decision.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def aligned(values: ArrayLike, index: pd.Index | None) -> NDArray[Any]:
    """`values` in the order of `index`: by position, unless they carry the same labels in another order."""
    if index is not None and isinstance(values, pd.Series) and values.index.is_unique and not values.index.equals(index):
        places = values.index.get_indexer(index) if len(values) == len(index) and index.is_unique else np.array([-1])
        if (places >= 0).all():
            return np.asarray(values)[places]
    return np.asarray(values)


def order_of(features: pd.DataFrame | None, action: ArrayLike) -> pd.Index | None:
    """The labels that say which decision is which: those of the features, else of the actions, else there are none."""
    if features is not None:
        return features.index
    return action.index if isinstance(action, pd.Series) else None


def checked_actions(action: ArrayLike, name: str, index: pd.Index | None = None) -> NDArray[Any]:
    """Actions as texts; whole numbers read alike, whatever their type. Raises ValueError where one is missing."""
    given = np.atleast_1d(np.asarray(aligned(action, index), dtype=object))
    if pd.isna(given).any():
        raise ValueError(f"{name}: is missing for some decisions; leave those out, or name doing nothing as an action")
    return np.asarray([_text(one) for one in given], dtype=object)


def checked_choices(chosen: ArrayLike, decisions: int, index: pd.Index | None = None) -> NDArray[Any]:
    """What a policy would do, one action per decision or one for all, as texts. Raises ValueError for another number of them."""
    wanted = checked_actions(chosen, "chosen", index)
    if np.ndim(chosen) == 0:
        return np.full(decisions, wanted[0], dtype=object)
    if wanted.size != decisions:
        raise ValueError("chosen: needs one action per logged decision")
    return wanted


def checked_log(
    action: ArrayLike, propensity: ArrayLike, outcome: ArrayLike, index: pd.Index | None = None
) -> tuple[NDArray[Any], Floats, Floats]:
    """Actions as texts, propensities and outcomes as floats. Raises ValueError for what no estimate survives."""
    actions = checked_actions(action, "action", index)
    outcomes = _floats(aligned(outcome, index))
    propensities = _floats(aligned(propensity, index))
    propensities = np.full(actions.size, propensities) if propensities.ndim == 0 else propensities  # one for all: a plain trial
    if not actions.size == propensities.size == outcomes.size:
        raise ValueError("action, propensity and outcome differ in length; give one of each per decision")
    if not ((propensities > 0) & (propensities <= 1)).all():
        raise ValueError("propensity: must lie in (0, 1] for every decision; leave out decisions whose propensity was not recorded")
    if not np.isfinite(outcomes).all():
        raise ValueError("outcome: is missing for some decisions; leave out those whose window is not over")
    return actions, propensities, outcomes


def _floats(values: NDArray[Any]) -> Floats:
    """A missing value is NaN, also in an object array."""
    return values.astype(float) if values.dtype != object else np.where(pd.isna(values), np.nan, values).astype(float)


def _text(value: Any) -> str:
    """An action that is a number came as 2, 2.0 or "2", as the frame had it that it was read from."""
    return str(int(value)) if isinstance(value, (float, np.floating)) and float(value).is_integer() else str(value)
