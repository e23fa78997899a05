"""How rows are parted into those to learn from and those to judge on.

Comes in: labels, the customer of each row, or the moment each row speaks of. Goes out: pairs of row positions (inside, outside).
Rows of one customer never lie on both sides of a random fold. Folds through time learn from all that was known before a moment
and are judged at it: a row is known once its own window of `gap` is over (expanding window, gap = horizon).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.additive import Floats

Split = tuple[NDArray[np.int64], NDArray[np.int64]]
_MOST, _FEWEST, _FEWEST_EACH = 4, 2, 10


@dataclass(frozen=True)
class Moments:
    """The moment of each row, and how much later its label is known; any unit."""

    moment: NDArray[np.int64]
    gap: int

    def take(self, index: NDArray[np.int64]) -> Moments:
        """The rows at `index`."""
        return Moments(self.moment[index], self.gap)


def rolling_folds(moments: Moments, label: Floats) -> list[Split]:
    """One fold per moment that has enough before it, the newest _MOST of them, oldest first; none where fewer than _FEWEST have."""
    folds: list[Split] = []
    for moment in np.unique(moments.moment)[::-1]:
        inside, outside = np.flatnonzero(moments.moment <= moment - moments.gap), np.flatnonzero(moments.moment == moment)
        if all(_has_both(label[side]) for side in (inside, outside)) and len(folds) < _MOST:
            folds.append((inside, outside))
    return folds[::-1] if len(folds) >= _FEWEST else []


def _has_both(label: Floats) -> bool:
    return min(label.sum(), (1 - label).sum()) >= _FEWEST_EACH


def random_folds(label: Floats, groups: NDArray[np.int64] | None, folds: int, seed: int) -> Iterator[Split]:
    """Random folds of whole groups, each with its share of leavers: shuffled groups are dealt out in order of their leavers."""
    which = np.arange(label.size) if groups is None else np.unique(groups, return_inverse=True)[1]
    leavers = np.bincount(which, weights=label)
    shuffled = np.random.default_rng(seed).permutation(leavers.size)
    dealt = shuffled[np.argsort(leavers[shuffled], kind="stable")]
    fold_of = np.empty(leavers.size, dtype=np.int64)
    fold_of[dealt] = np.arange(leavers.size) % folds
    for fold in range(folds):
        outside = fold_of[which] == fold
        yield np.flatnonzero(~outside), np.flatnonzero(outside)
