"""What is learnt from: rows of features with their label, and what else is known of each row."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ml.additive import Floats
from ml.churn.folds import Moments
from ml.churn.survival import Months
from ml.encoding import Parsed


@dataclass(frozen=True)
class Examples:
    """Columns and label (0 or 1) of each row; where known also its customer (`groups`), its moment, and the month in which they left."""

    parsed: Parsed
    label: Floats
    groups: NDArray[np.int64] | None = None
    moments: Moments | None = None
    months: Months | None = None

    @property
    def size(self) -> int:
        """Number of rows."""
        return int(self.label.size)

    def take(self, index: NDArray[np.int64]) -> Examples:
        """The rows at `index`."""
        return Examples(
            self.parsed.take(index),
            self.label[index],
            None if self.groups is None else self.groups[index],
            None if self.moments is None else self.moments.take(index),
            None if self.months is None else self.months[index],
        )

    def at_most(self, rows: int, seed: int) -> Examples:
        """Some of them by chance, where there are more than `rows`."""
        if self.size <= rows:
            return self
        return self.take(np.sort(np.random.default_rng(seed).choice(self.size, rows, replace=False)))

    def without(self, columns: set[str], why: str) -> Examples:
        """The same rows without some columns."""
        return replace(self, parsed=self.parsed.without(columns, why))
