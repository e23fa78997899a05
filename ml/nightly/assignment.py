"""Who gets which action when each may only be done so often: an assignment, solved on whole columns.

Comes in: scores (customers × actions, column 0 is the control and worth 0), what is open to whom, how often each action may be done.
Goes out: what stays open: nobody's choice can exceed a capacity, whatever is drawn among it.

Each action gets a price at which no more ask for it than it has places, and everyone takes what is worth most to them at these prices:
the dual of the assignment. Raised in turn from 0, prices settle in a few rounds at the optimum, which the Hungarian method confirms. Where
customers are of few kinds (one effect for all, three plans), a price stands still between those who are alike, and a linear program counts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_MOST_ROUNDS, _ROUGH_ROWS = 100, 50_000
_MOST_KINDS = 500  # of customers; more are parted by prices


def within_capacities(scores: Floats, open_to: Flags, order: Floats, capacities: Mapping[int, int]) -> Flags:
    """`open_to`, closed where an action (column) is beyond its capacity. `order`: uniform numbers that settle ties and spare places.

    Who is assigned an action keeps it; places that nobody asked for go to others in random order, so that they can be explored.
    """
    assigned = assign(scores, open_to, order, capacities)
    kept = open_to.copy()
    for action, capacity in capacities.items():
        rows = np.flatnonzero(open_to[:, action])
        ranked = rows[np.lexsort((order[rows], assigned[rows] != action))]
        kept[ranked[capacity:], action] = False
    return kept


def assign(scores: Floats, open_to: Flags, order: Floats, capacities: Mapping[int, int]) -> NDArray[np.int64]:
    """The action (column) of each customer; 0, the control, where nothing that is left pays."""
    wanted = np.where(open_to & (scores > 0), scores, -np.inf)
    wanted[:, 0] = 0.0
    kinds = _kinds(wanted)
    if kinds is not None:
        return _by_kinds(wanted, kinds, order, capacities)
    worth = _untied(wanted, order)
    start = np.zeros(worth.shape[1])
    if len(worth) > _ROUGH_ROWS:
        few = np.flatnonzero(order <= np.partition(order, _ROUGH_ROWS)[_ROUGH_ROWS])
        start = _prices(
            worth[few], {action: round(most * few.size / len(worth)) for action, most in capacities.items()}, start, _MOST_ROUNDS
        )
    worth -= _prices(worth, capacities, start, _MOST_ROUNDS if not start.any() else 3)
    asks = worth.argmax(axis=1)
    crowded = [action for action, capacity in capacities.items() if (asks == action).sum() > capacity]
    while crowded:  # the few who stand exactly at a price
        losers = np.concatenate([_losers(worth, np.flatnonzero(asks == action), action, capacities[action]) for action in crowded])
        asks[losers] = worth[losers].argmax(axis=1)
        crowded = [action for action, capacity in capacities.items() if (asks == action).sum() > capacity]
    return asks


def _kinds(wanted: Floats) -> NDArray[np.float64] | None:
    """A number per customer, the same where all is worth the same; None where nobody is like another, or of more than _MOST_KINDS."""
    weights = np.sqrt(np.arange(2.0, 2.0 + 2 * wanted.shape[1]))  # no sum of some of them is a sum of others
    said = np.zeros(len(wanted))
    for column, (worth, told) in enumerate(zip(wanted.T, np.isfinite(wanted).T, strict=True)):
        said += np.where(told, np.where(told, worth, 0.0) * weights[2 * column] + weights[2 * column + 1], 0.0)
        if column and np.unique(said[: 4 * _MOST_KINDS]).size > _MOST_KINDS:
            return None
    return said if np.unique(said).size <= min(_MOST_KINDS, said.size - 1) else None


def _by_kinds(wanted: Floats, kinds: Floats, order: Floats, capacities: Mapping[int, int]) -> NDArray[np.int64]:
    """How many of each kind get what: a transportation problem (Hitchcock 1941), as prices cannot part who is alike. Chance says which."""
    from scipy.optimize import linprog  # half a second to read, for nights that need it
    from scipy.sparse import coo_array

    _, first, kind, size = np.unique(kinds, return_index=True, return_inverse=True, return_counts=True)
    rows, columns = np.nonzero(np.isfinite(wanted[first]))
    each, limits = np.ones(rows.size), np.array([capacities.get(action, len(wanted)) for action in range(wanted.shape[1])])
    found = linprog(
        -wanted[first][rows, columns],
        A_ub=coo_array((each, (columns, np.arange(rows.size))), shape=(limits.size, rows.size)),
        b_ub=limits,
        A_eq=coo_array((each, (rows, np.arange(rows.size))), shape=(first.size, rows.size)),
        b_eq=size,
        method="highs-ds",  # ends at a corner, and corners of this problem are whole numbers
    )
    counts = np.zeros((first.size, limits.size), dtype=np.int64)
    counts[rows, columns] = np.round(found.x)
    asks = np.zeros(len(wanted), dtype=np.int64)
    asks[np.lexsort((order, kind))] = np.repeat(np.tile(np.arange(limits.size), first.size), counts.ravel())
    return asks


def _untied(wanted: Floats, order: Floats) -> Floats:
    """Equal scores made to differ by a billionth, at random: a price cannot part who is alike."""
    scale = float(np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)) or 1.0
    return wanted + 1e-9 * scale * np.modf(order[:, None] * (7.0 + 1000.0 * np.arange(wanted.shape[1])))[0]


def _prices(worth: Floats, capacities: Mapping[int, int], start: Floats, rounds: int) -> Floats:
    """Per action the least price at which no more than its capacity ask for it, given the others' prices."""
    prices, net = start.copy(), worth - start
    for _ in range(rounds):
        before = prices.copy()
        for action, capacity in capacities.items():
            net[:, action] = -np.inf
            gain = worth[:, action] - net.max(axis=1)
            place = gain.size - capacity - 1  # the first who gets none, counting from the least keen
            prices[action] = max(0.0, float(np.partition(gain, place)[place])) if place >= 0 else 0.0
            net[:, action] = worth[:, action] - prices[action]
        if np.abs(prices - before).max() <= 1e-7 * max(1e-12, float(prices.max())):
            break
    return prices


def _losers(worth: Floats, rows: NDArray[np.int64], action: int, capacity: int) -> NDArray[np.int64]:
    """Those of `rows` beyond the capacity who lose least by their second best; they can ask for this action no more."""
    if rows.size <= capacity:
        return rows[:0]
    others = worth[rows].copy()
    others[:, action] = -np.inf
    losers = rows[np.argsort(others.max(axis=1) - worth[rows, action], kind="stable")[capacity:]]
    worth[losers, action] = -np.inf
    return losers
