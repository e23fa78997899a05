"""Did treating customers pay? Those who could be treated against the holdout, month by month.

Comes in: the log of past decisions with how they ended. Goes out: `holdout_lift_<month>` in `run`, and `holdout_lift_all_months` of these
months together: the share that stayed above the holdout's, with its 95 % interval, of everyone who was not held out (as decided,
`nothing` included) and of each action. Where a month has too few held out to say anything, all of them together may have enough.
The holdout is drawn by a hash of the key alone, so everyone against it is a randomised trial. An action's share is weighted by
1 ÷ propensity: it speaks of those who could be given it, beside all who were held out; which of these could have been is not logged.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.additive import Floats
from ml.nightly.tables import Run

EVERYONE = "everyone_not_held_out"
ALL_MONTHS = "all_months"
MOST_MONTHS, FEWEST = 12, 30


def measure_lift(run: Run, log: pd.DataFrame) -> None:
    """The newest MOST_MONTHS months, each and together; a side with fewer than FEWEST decisions is left out."""
    known = log[log["stayed"].notna() & (log["propensity"] > 0)]
    if known.empty:
        return
    month = pd.to_datetime(known["decided_at"]).dt.strftime("%Y-%m").to_numpy()
    newest = sorted(set(month))[-MOST_MONTHS:]
    for one in newest:
        _measure(run, f"holdout_lift_{one}", known[month == one])
    if len(newest) > 1:
        _measure(run, f"holdout_lift_{ALL_MONTHS}", known[np.isin(month, newest)])


def _measure(run: Run, name: str, known: pd.DataFrame) -> None:
    held = known["is_holdout"].fillna(False).to_numpy(dtype=bool)
    if held.sum() < FEWEST:
        return
    who, action = pd.factorize(known["customer_key"])[0], known["action"].astype(str).to_numpy()
    stayed, weight = known["stayed"].to_numpy(dtype=float), 1 / known["propensity"].to_numpy(dtype=float)
    control = _share(stayed[held], np.ones(held.sum()), who[held])
    groups = {EVERYONE: (~held, np.ones(held.size))}
    groups |= {str(one): (~held & (action == one), weight) for one in np.unique(action[~held])}
    for group, (rows, weights) in groups.items():
        if rows.sum() >= FEWEST:
            share, error = _share(stayed[rows], weights[rows], who[rows])
            gap, margin = share - control[0], 1.96 * float(np.hypot(error, control[1]))
            run.measure(group, name, gap, gap - margin, gap + margin)


def _share(stayed: Floats, weights: Floats, who: NDArray[np.int64]) -> tuple[float, float]:
    """Weighted mean and its standard error: decisions for one customer end alike, and if all do that is not taken for certain."""
    share, effective = float(np.average(stayed, weights=weights)), weights.sum() ** 2 / (weights**2).sum()
    held_back = (share * effective + 0.5) / (effective + 1)  # half a customer on either side
    pulls = np.bincount(who, weights=weights * (stayed - share)) / weights.sum()
    return share, float(np.sqrt(max((pulls**2).sum(), held_back * (1 - held_back) / effective)))
