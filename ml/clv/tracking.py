"""Does a model of purchases keep pace with what happens? Repeat purchases of all customers together, expected beside actual.

Comes in: a fitted model, how long ago each customer first bought, how many came back on each day. Goes out: cumulative curves.
Expected without looking at anybody's history: E[X(t)] of a new customer, summed over when each one started (Fader, Hardie & Lee 2005,
"Counting Your Customers the Easy Way", figures 3 and 4).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ml.clv.residual import Purchases

MOST_STEPS = 60


def tracked(model: Purchases, age_days: ArrayLike, returned: pd.DataFrame, *, unit_days: float = 7.0) -> pd.DataFrame:
    """One row per step of whole weeks, oldest first: `days_ago` when it ended, cumulative `expected` and `actual` repeat purchases.

    `returned`: `days_ago`, `repeat_purchases`. The newest step ends tonight (`days_ago` 0); at most MOST_STEPS + 1 rows.
    """
    started = np.bincount(np.asarray(age_days).astype(np.int64))
    step = 7 * int(np.ceil(started.size / 7 / MOST_STEPS))
    ends = np.arange((started.size - 1) // step, -1, -1) * step
    of_one = np.asarray(model.expected_purchases(np.arange(started.size) / unit_days, 0.0, 0.0, 0.0))
    ago, count = (returned[name].to_numpy(dtype=float) for name in ("days_ago", "repeat_purchases"))
    return pd.DataFrame(
        {
            "days_ago": ends,
            "expected": [float(started[end:] @ of_one[: started.size - end]) for end in ends],
            "actual": [float(count[ago >= end].sum()) for end in ends],
        }
    )
