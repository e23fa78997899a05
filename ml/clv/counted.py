"""Sufficient statistics: the distinct rows of a purchase history with how many customers share each.

Comes in: columns of one value per customer. Goes out: float arrays of the distinct rows and their counts.
A likelihood over the distinct rows costs what the data has to say, not how many customers said it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ml.logged import aligned, checked_numbers
from ml.refusal import Refused

Floats = NDArray[np.float64]
_WORTH_PAIRING = 2_000  # customers


@dataclass(frozen=True)
class Counted:
    """Distinct rows (`columns`, one array each), `count` customers per row, and `which` row each customer's is."""

    columns: tuple[Floats, ...]
    count: Floats
    which: NDArray[np.int64]

    @property
    def customers(self) -> float:
        """Customers behind the rows."""
        return float(self.count.sum())

    @cached_property
    def levels(self) -> tuple[Floats, NDArray[np.int64], Floats]:
        """Distinct values of the first column, which of them each row has, and customers per value.

        Frequencies are few: the costly special functions of them are computed once per value, not once per row.
        """
        which, values = pd.factorize(self.columns[0])
        return values, which, np.bincount(which, weights=self.count, minlength=values.size).astype(np.float64)

    def thinned(self, most: int) -> Counted:
        """At most `most` rows, evenly through all of them: enough to find where the best fit lies, not to state it."""
        step = -(-self.count.size // most)
        return self if step == 1 else Counted(tuple(column[::step] for column in self.columns), self.count[::step], self.which[:0])


def numbers(values: ArrayLike, name: str) -> Floats:
    """`values` as a flat float array; what is missing is NaN. Raises Refused when they are no numbers."""
    return np.atleast_1d(shaped(values, name)).ravel()


def shaped(values: ArrayLike, name: str) -> Floats:
    """As `numbers`, in the shape they came in: of one customer or of many."""
    if getattr(values, "dtype", None) is not None and values.dtype.kind in "mM":  # type: ignore[union-attr]
        raise Refused(f"{name}: is a date or a duration; give numbers, all times in one unit (weeks, say)")
    try:
        return checked_numbers(values, name)
    except ValueError as error:
        raise Refused(f"{name}: needs numbers, one per customer") from error


def floats(values: ArrayLike, name: str) -> Floats:
    """As `numbers`. Raises Refused when one is missing or infinite, too."""
    array = numbers(values, name)
    bad = int((~np.isfinite(array)).sum())
    if bad:
        raise Refused(f"{name}: {bad} of {array.size} values are missing or infinite; leave those customers out")
    return array


def count_rows(columns: dict[str, ArrayLike], weights: ArrayLike | None, minimum: int) -> Counted:
    """Distinct rows of `columns`. Raises Refused for columns of unequal length or fewer than `minimum` customers."""
    arrays = [floats(values, name) for name, values in zip(columns, in_order(*columns.values()), strict=True)]
    weight = np.ones(arrays[0].size) if weights is None else floats(weights, "weights")
    if len({array.size for array in (*arrays, weight)}) > 1:
        raise Refused(f"{', '.join(columns)}: differ in length; give one value per customer each")
    if (weight < 0).any():
        raise Refused(f"weights: {int((weight < 0).sum())} are below 0; give customers per row")
    if weight.sum() < minimum:
        raise Refused(f"only {weight.sum():g} customers; at least {minimum} are needed for a fit")
    first, which = _distinct(arrays)
    count = np.bincount(which, weights=weight, minlength=first.size)
    return Counted(tuple(array[first] for array in arrays), count.astype(np.float64), which)


def in_order(*columns: ArrayLike) -> list[ArrayLike]:
    """Series that carry the labels of the first one in another order are put into its order."""
    order = next((values.index for values in columns if isinstance(values, pd.Series)), None)
    return [aligned(values, order) if isinstance(values, pd.Series) and not values.index.equals(order) else values for values in columns]


def _distinct(arrays: list[Floats]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each distinct row first stands, in the order of its values, and which one each row is.

    One number per row instead of np.unique over rows: a million customers take half a second, not three.
    """
    code = np.zeros(arrays[0].size, dtype=np.int64)
    for array in arrays:
        positions, values = pd.factorize(array, sort=True)
        code = np.unique(code * values.size + positions, return_inverse=True)[1]
    first = np.full(int(code.max(initial=-1)) + 1, -1, dtype=np.int64)
    first[code[::-1]] = np.arange(code.size)[::-1]
    return first, code


def once_per_pair(work: Callable[[Floats, Floats, Floats], Floats], x: Floats, age: Floats, t: Floats) -> Floats:
    """`work` of frequency, age and one time ahead, done once for all who share both: whole days and few frequencies make few pairs."""
    if t.ndim or x.ndim != 1 or x.shape != age.shape or x.size < _WORTH_PAIRING:
        return work(x, age, t)
    if np.unique(age[:_WORTH_PAIRING]).size > _WORTH_PAIRING // 2:  # times to the second: hardly two are alike
        return work(x, age, t)
    (of_x, frequencies), (of_age, ages) = pd.factorize(x), pd.factorize(age)
    if frequencies.size * ages.size > x.size // 4:
        return work(x, age, t)
    return work(frequencies[:, None], ages[None, :], t)[of_x, of_age]


def count_purchases(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, weights: ArrayLike | None, minimum: int = 30) -> Counted:
    """Distinct (frequency, recency, T) rows. Raises Refused when they contradict each other or nobody bought twice."""
    counted = count_rows({"frequency": frequency, "recency": recency, "T": T}, weights, minimum)
    x, t_x, age = counted.columns
    _require_possible(x, t_x, age, counted.count)
    broken = counted.count[x != np.floor(x)].sum()
    if broken:
        raise Refused(f"frequency: {broken:g} customers have a fraction of a purchase; give whole numbers, of repeat purchases")
    if not (counted.count[age > 0] > 0).any():
        raise Refused("T: is 0 for everyone; nobody has been observed for any time")
    if not (x > 0).any():
        raise Refused("no customer bought a second time; repeat purchases are what these models learn from")
    return counted


def history(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """What a prediction stands on, of customers or of one; NaN stays NaN. Raises Refused when a history contradicts itself.

    Series are put in the order of the first by their labels.
    """
    x, t_x, age = per_customer(frequency=frequency, recency=recency, T=T)
    _require_possible(x, t_x, age, np.ones(1))
    return x, t_x, age


def per_customer(**columns: ArrayLike) -> list[Floats]:
    """The columns as numbers, one per customer or one for all, in the order of the first. Raises Refused for what cannot be that."""
    told = [shaped(values, name) for name, values in zip(columns, in_order(*columns.values()), strict=True)]
    try:
        np.broadcast_shapes(*(values.shape for values in told))
    except ValueError as error:
        raise Refused(f"{', '.join(columns)}: differ in length; give one value per customer each") from error
    return told


def ahead(t: ArrayLike, *of: Floats) -> Floats:
    """How far a prediction looks ahead, for the customers of columns `of`. Raises Refused where that is before now, or has no end."""
    time, customers = shaped(t, "t"), np.broadcast_shapes(*(column.shape for column in of))
    try:
        np.broadcast_shapes(time.shape, customers)
    except ValueError as error:
        raise Refused(f"t: has {time.size} values for {math.prod(customers)} customers; give one for all, or one per customer") from error
    if (time < 0).any() or np.isinf(time).any():
        raise Refused(f"t: is {'below 0' if (time < 0).any() else 'infinite'}; give how far to look ahead, in the unit of T")
    return time


def _require_possible(x: Floats, t_x: Floats, age: Floats, count: Floats) -> None:
    """`count`: customers per history."""
    contradicts = (x < 0) | (t_x < 0) | (t_x > age) | ((x == 0) & (t_x > 0))
    if np.any(contradicts):
        raise Refused(
            f"{(contradicts * count).sum():g} customers contradict 0 <= recency <= T with recency 0 where frequency is 0; mend them first"
        )
