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
from ml.logged import aligned, checked_actions


def action_costs(cost: Mapping[Any, float] | ArrayLike | None, taken: NDArray[Any], actions: list[str], index: pd.Index) -> Floats:
    """One per action. What nobody has recorded of the control is nothing."""
    if cost is None:
        return np.zeros(len(actions))
    if isinstance(cost, pd.Series) and len(cost) != taken.size:
        cost = cost.to_dict()
    if isinstance(cost, Mapping):
        costs = _by_action(cost, taken, actions)
    else:
        paid = pd.Series(np.asarray(aligned(cost, index), dtype=float))
        if paid.size != taken.size:
            raise ValueError("cost: needs one per action (a mapping) or one per logged decision")
        costs = paid.groupby(taken).mean().reindex(actions).to_numpy()
    costs = np.append(np.nan_to_num(costs[:1]), costs[1:])
    if np.isnan(costs).any():
        raise ValueError(f"cost: that of {actions[int(np.isnan(costs).argmax())]!r} is missing")
    return costs


def _by_action(cost: Mapping[Any, float], taken: NDArray[Any], actions: list[str]) -> Floats:
    named = {str(checked_actions(name, "cost")[0]): np.nan if paid is None else float(paid) for name, paid in cost.items()}
    if named and not set(named) & set(taken):
        raise ValueError(f"cost: no decision was {', '.join(map(repr, sorted(named)))}; name the actions as the log does")
    return np.array([named.get(name, 0.0) for name in actions])
