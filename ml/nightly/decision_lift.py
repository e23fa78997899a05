"""Did treating customers pay? Those who could be treated against the holdout, month by month.

Comes in: the log of past decisions with how they ended. Goes out: `holdout_lift_<month>` in `run`: the share that stayed above
the holdout's, with its 95 % interval, of everyone who was not held out (as decided, `nothing` included) and of each action.
The holdout is drawn by a hash of the key alone, so everyone against it is a randomised trial. An action's share is weighted by
1 ÷ propensity: it speaks of those who could be given it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml.additive import Floats
from ml.nightly.tables import Run

EVERYONE = "everyone_not_held_out"
MOST_MONTHS, FEWEST = 12, 30


def measure_lift(run: Run, log: pd.DataFrame) -> None:
    """The newest MOST_MONTHS months; a side with fewer than FEWEST decisions is left out."""
    known = log[log["stayed"].notna() & (log["propensity"] > 0)]
    if known.empty:
        return
    month = pd.to_datetime(known["decided_at"]).dt.strftime("%Y-%m").to_numpy()
    held = known["is_holdout"].fillna(False).to_numpy(dtype=bool)
    action, stayed = known["action"].astype(str).to_numpy(), known["stayed"].to_numpy(dtype=float)
    weight = 1 / known["propensity"].to_numpy(dtype=float)
    for one in sorted(set(month))[-MOST_MONTHS:]:
        here = month == one
        control = stayed[here & held]
        if control.size < FEWEST:
            continue
        groups = {EVERYONE: (here & ~held, np.ones(held.size))}
        groups |= {str(name): (here & ~held & (action == name), weight) for name in np.unique(action[here & ~held])}
        for name, (rows, weights) in groups.items():
            if rows.sum() >= FEWEST:
                run.measure(name, f"holdout_lift_{one}", *_difference(stayed[rows], weights[rows], control))


def _difference(stayed: Floats, weights: Floats, control: Floats) -> tuple[float, float, float]:
    """Weighted mean less the control's, and its interval; half a customer on either side, so that all alike is not taken for certain."""
    share = float(np.average(stayed, weights=weights))
    effective = weights.sum() ** 2 / (weights**2).sum()
    parts = [((p * n + 0.5) / (n + 1), n) for p, n in ((share, effective), (float(control.mean()), control.size))]
    error = float(np.sqrt(sum(p * (1 - p) / n for p, n in parts)))
    gap = share - float(control.mean())
    return gap, gap - 1.96 * error, gap + 1.96 * error
