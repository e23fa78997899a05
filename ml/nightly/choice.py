"""Who is treated how tonight: gates, capacity, holdout, exploration, and the propensity of what was done.

Comes in: per customer and action the score (uplift × value − cost) and whether a gate removed it. Goes out: `Choice`.

The better action of each customer is taken with probability 1 − ε + ε/m, every other of the m that passed (the control
included) with ε/m: known propensities, by which the next policy can be judged. Capacity is settled before that draw: the
customers most worth treating come first, those whom nothing pays for follow in random order, and who is beyond it may only
get the control. So the number treated never exceeds the capacity, whatever the draw. The holdout is never treated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.nightly.assignment import within_capacities

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Choice:
    """Per customer: the action (column), its propensity, whether the draw overrode the best one; and what capacity closed.

    `closed` (customers × actions): what passed all gates but was beyond the capacity of that action or of the night.
    """

    action: NDArray[np.int64]
    propensity: Floats
    is_explored: Flags
    closed: Flags


def choose(
    scores: Floats,
    passed: Flags,
    holdout: Flags,
    order: Floats,
    draw: Floats,
    exploration: float,
    capacity: int | None,
    capacities: Mapping[int, int] | None = None,
) -> Choice:
    """Column 0 is the control, which always passes. `order`, `draw`: uniform numbers per customer. `scores` NaN = not offered.

    `capacity` counts all actions of the night, `capacities` those of a column.
    """
    open_to = passed & ~holdout[:, None]
    open_to[:, 0] = True
    offered = open_to.copy()
    if capacities:
        open_to = within_capacities(scores, open_to, order, capacities)
    best = np.where(open_to & (scores > 0), scores, -np.inf)
    best[:, 0] = 0.0
    gain = best.max(axis=1)
    beyond = _beyond_capacity(gain, open_to, order, capacity)
    open_to[beyond, 1:] = False
    greedy = np.where(beyond, 0, best.argmax(axis=1))
    options = open_to.sum(axis=1)
    explores = draw < exploration
    drawn = _nth_open(open_to, np.minimum((draw / max(exploration, 1e-12) * options).astype(np.int64), options - 1))
    action = np.where(explores, drawn, greedy)
    propensity = exploration / options + (action == greedy) * (1 - exploration)
    return Choice(action, propensity, explores & (action != greedy), offered & ~open_to)


def _beyond_capacity(gain: Floats, open_to: Flags, order: Floats, capacity: int | None) -> Flags:
    treatable: Flags = np.asarray(open_to[:, 1:].any(axis=1))
    if capacity is None or treatable.sum() <= capacity:
        return np.zeros(len(gain), dtype=bool)
    ranked = np.lexsort((order, -gain, ~treatable))
    beyond = treatable.copy()
    beyond[ranked[:capacity]] = False
    return beyond


def _nth_open(open_to: Flags, number: NDArray[np.int64]) -> NDArray[np.int64]:
    """The column of the `number`-th open action of each row, counting from 0."""
    return (np.cumsum(open_to, axis=1) > number[:, None]).argmax(axis=1)
