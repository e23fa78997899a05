"""What each action costs, however a caller says it: per action, per decision, or not at all.

Comes in: a mapping or a Series by action, or one cost per logged decision (an action then costs what it cost on average).
Goes out: one cost per action, in the order asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ml.additive import Floats
from ml.logged import aligned, checked_actions, checked_numbers


def action_costs(cost: Mapping[Any, float] | ArrayLike | None, taken: NDArray[Any], actions: list[str], index: pd.Index) -> Floats:
    """One per action. What nobody has recorded of the control is nothing."""
    if cost is None:
        return np.zeros(len(actions))
    if isinstance(cost, pd.Series) and len(cost) != taken.size:
        cost = cost.to_dict()
    if isinstance(cost, Mapping):
        costs = _by_action(cost, taken, actions)
    else:
        paid = pd.Series(np.ravel(checked_numbers(aligned(cost, index), "cost")))
        if paid.size != taken.size:
            raise ValueError("cost: needs one per action (a mapping) or one per logged decision")
        costs = np.asarray(paid.groupby(taken).mean().reindex(actions), dtype=np.float64)
    costs = np.append(np.where(np.isnan(costs[:1]), 0.0, costs[:1]), costs[1:])
    if not np.isfinite(costs).all():
        raise ValueError(f"cost: that of {actions[int(np.isfinite(costs).argmin())]!r} is missing or infinite")
    return costs


def _by_action(cost: Mapping[Any, float], taken: NDArray[Any], actions: list[str]) -> Floats:
    told = checked_numbers(np.array(list(cost.values()), dtype=object), "cost").tolist()
    named = {str(checked_actions(name, "cost")[0]): one for name, one in zip(cost, told, strict=True)}
    if named and not set(named) & set(taken):
        raise ValueError(f"cost: no decision was {', '.join(map(repr, sorted(named)))}; name the actions as the log does")
    return np.array([named.get(name, 0.0) for name in actions])
