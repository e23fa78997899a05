"""Surprises beyond all measure, cut back: in money a handful of decisions says as much as all others together.

Comes in: what outcomes other than 0 and 1 came to beyond what was expected. Goes out: the same, none further from 0 than a limit.
Squares decide what is learnt and how sure it is; of lognormal money half of them is in one decision of two hundred (Huber 1964).
"""

from __future__ import annotations

import numpy as np

from ml.additive import Floats

_DEVIATIONS = 4.0  # what lies within is left alone: of a normal distribution all
_SHARE = 0.05  # of all that surprises, at most so much is cut off: whoever buys once in a hundred decisions is no outlier


def tamed(left: Floats) -> Floats:
    """`left` cut at _DEVIATIONS standard deviations, or further out where more than _SHARE of the sum of sizes would be lost."""
    sizes = np.sort(np.abs(left))
    lost = sizes[::-1].cumsum()[::-1] - sizes * np.arange(sizes.size, 0, -1)  # by cutting at each size
    least = float(sizes[np.searchsorted(-lost, -_SHARE * sizes.sum())])
    limit = max(_DEVIATIONS * float(left.std()), least)
    return np.clip(left, -limit, limit)
