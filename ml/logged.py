"""A log of past decisions as plain arrays: in the order of the rows, checked for what no estimate survives.

Comes in: whatever a caller has: Series, lists, arrays, one number for all. Goes out: arrays of one value per decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas.api import types

Floats = NDArray[np.float64]
_FARTHEST = 1e100  # its square is a number still
_LARGEST_SEED = 2**32 - 1  # that scikit-learn takes


def checked_seed(seed: Any) -> int:
    """A seed that every generator takes. Raises ValueError for another: without one nothing could be made again."""
    if isinstance(seed, (int, float, np.number, np.bool_)) and 0 <= seed <= _LARGEST_SEED and float(seed).is_integer():
        return int(seed)
    raise ValueError(f"seed: needs a whole number from 0 to {_LARGEST_SEED}, not {seed!r}")


def aligned(values: ArrayLike | pd.DataFrame, index: pd.Index | None) -> NDArray[Any]:
    """`values` in the order of `index`: by position, unless they carry the same labels in another order.

    A table of one column is that column. Raises ValueError for a table of more.
    """
    values = _column(values)
    if index is not None and isinstance(values, pd.Series) and values.index.is_unique and not values.index.equals(index):
        places = values.index.get_indexer(index) if len(values) == len(index) and index.is_unique else np.array([-1])
        if (places >= 0).all():
            return np.asarray(values)[places]
    return np.asarray(values)


def _column(values: ArrayLike | pd.DataFrame) -> Any:
    if np.ndim(values) < 2:
        return values
    table = values if isinstance(values, pd.DataFrame) else pd.DataFrame(np.asarray(values))
    if table.shape[1] != 1:
        raise ValueError(f"a table that has {table.shape[1]} columns; give one value per row")
    return table.iloc[:, 0] if isinstance(values, pd.DataFrame) else table.iloc[:, 0].to_numpy()


def order_of(features: pd.DataFrame | None, action: ArrayLike) -> pd.Index | None:
    """The labels that say which decision is which: those of the features, else of the actions, else there are none."""
    if features is not None:
        return features.index
    return action.index if isinstance(action, (pd.Series, pd.DataFrame)) else None


def checked_actions(action: ArrayLike, name: str, index: pd.Index | None = None) -> NDArray[Any]:
    """Actions as texts; whole numbers, True and False too, read alike, whatever their type. Raises ValueError where one is missing."""
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
    outcomes = checked_numbers(aligned(outcome, index), "outcome")
    propensities = checked_numbers(aligned(propensity, index), "propensity")
    propensities = np.full(actions.size, propensities) if propensities.ndim == 0 else propensities  # one for all: a plain trial
    if not actions.size == propensities.size == outcomes.size:
        raise ValueError("action, propensity and outcome differ in length; give one of each per decision")
    if not ((propensities > 0) & (propensities <= 1)).all():
        raise ValueError("propensity: must lie in (0, 1] for every decision; leave out decisions whose propensity was not recorded")
    if not (np.abs(outcomes) <= _FARTHEST).all():  # nor is NaN
        raise ValueError("outcome: is missing or infinite, or beyond 1e100, for some decisions; leave out those whose window is not over")
    return actions, propensities, outcomes


def checked_numbers(values: ArrayLike, name: str) -> Floats:
    """As floats; a missing value is NaN, also in an object array. Raises ValueError for what is no number."""
    given = np.asarray(values)
    if given.dtype.kind in "mM":
        raise ValueError(f"{name}: is a date or a duration; needs numbers")
    try:
        return given.astype(float) if given.dtype != object else np.where(pd.isna(given), np.nan, given).astype(float)
    except (TypeError, ValueError) as error:
        odd = next(one for one in np.ravel(given) if _is_no_number(one))
        raise ValueError(f"{name}: needs numbers (True and False count as 1 and 0); {str(odd)!r} is none") from error


def _is_no_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return not (pd.api.types.is_scalar(value) and pd.isna(value))
    return False


def as_logged(names: Sequence[str], action: ArrayLike) -> tuple[Any, ...]:
    """The actions called `names` as the log has them: numbers, True and False, else texts."""
    kind = types.infer_dtype(np.ravel(np.asarray(action, dtype=object)), skipna=True)
    if kind == "boolean":
        return tuple(name == "1" for name in names)
    if kind in ("integer", "floating", "mixed-integer-float"):
        return tuple(int(name) if name.lstrip("-").isdigit() else float(name) for name in names)
    return tuple(names)


def _text(value: Any) -> str:
    """An action that is a number came as 2, 2.0 or "2", as the frame had it that it was read from; True and False are 1 and 0."""
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    return str(int(value)) if isinstance(value, (float, np.floating)) and float(value).is_integer() else str(value)
