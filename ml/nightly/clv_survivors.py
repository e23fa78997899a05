"""How subscribers went on in the newest part of the history, beside what the part before it foretold.

Comes in: `ml_inputs.clv_subscriptions` with `age_months` and `ended_months_ago`. Goes out: the same subscribers as they stood
`holdout` months ago, from which a fit learns that has not seen how they went on; and how likely a fit takes what they did.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.nightly.tables import Run

Floats = NDArray[np.float64]
Survival = Callable[[str, Floats, Floats], Floats]  # segment, tenure in months, months ahead → chance of still being there
Term = Callable[[str], int]  # segment → months from one renewal to the next
_MONTH = 30.4375  # days
MOST_MONTHS, FEWEST_MONTHS, FEWEST_SUBSCRIBERS = 12, 2, 200


def holdout_months(frame: pd.DataFrame) -> int:
    """The last third of the history, at most MOST_MONTHS; 0 where that is too short or too few had started before it."""
    if "age_months" not in frame or frame.empty:
        return 0
    months = min(MOST_MONTHS, int(frame["age_months"].max()) // 3)
    return months if months >= FEWEST_MONTHS and len(standing(frame, months)) >= FEWEST_SUBSCRIBERS else 0


def standing(frame: pd.DataFrame, months_ago: int) -> pd.DataFrame:
    """Whoever had started by then, as they stood: `tenure_months`, `is_active`, `ended`; and `lasted`, months they stayed after it.

    `lasted` is NULL for those who had ended by then.
    """
    then = frame[frame["age_months"] >= months_ago].copy()
    stayed, age, ended_ago = (
        then[name].to_numpy(dtype=float, na_value=np.nan) for name in ("tenure_months", "age_months", "ended_months_ago")
    )
    had_ended = ended_ago >= months_ago
    tenure = np.where(had_ended, stayed, age - months_ago)
    lasted = np.where(had_ended, np.nan, stayed - tenure)
    then["lasted"] = np.clip(lasted, 0, months_ago)
    return then.assign(
        tenure_months=tenure, ended=had_ended, is_active=~had_ended, left_later=then["ended"].to_numpy(dtype=bool) & ~had_ended
    )


def log_densities(then: pd.DataFrame, survival: Survival, term: Term, months: int) -> Floats:
    """Per subscriber who stood then: log chance of leaving at the renewal at which they left, or of staying all `months`."""
    there = then[then["is_active"]]
    found = np.empty(len(there))
    for segment, rows in there.groupby(there["segment"].fillna("unknown").astype(str)).indices.items():
        mine = there.iloc[rows]
        tenure, lasted = mine["tenure_months"].to_numpy(dtype=float), mine["lasted"].to_numpy(dtype=float)
        left = mine["left_later"].to_numpy(dtype=bool)
        stays = survival(str(segment), tenure, np.where(left, lasted, months))
        renewal = ((tenure + lasted) // term(str(segment)) + 1) * term(str(segment))
        found[rows] = np.where(left, stays - survival(str(segment), tenure, renewal - tenure), stays)
    return np.log(np.maximum(found, 1e-6))


def measure_tracking(run: Run, then: pd.DataFrame, survival: Survival, months: int) -> None:
    """Of those who stood then: how many have left after each month, expected beside actual, in `run`."""
    there = then[then["is_active"]]
    run.measure("judgement", "holdout_days", round(months * _MONTH))
    grouped = there.groupby(there["segment"].fillna("unknown").astype(str)).indices
    segments = {str(name): np.asarray(rows) for name, rows in grouped.items()}
    tenure = there["tenure_months"].to_numpy(dtype=float)
    lasted = there["lasted"].where(there["left_later"], np.inf).to_numpy(dtype=float)
    for month in range(months + 1):
        day = (run.as_of - timedelta(days=round((months - month) * _MONTH))).isoformat()
        staying = [survival(name, tenure[rows], np.full(rows.size, float(month))).sum() for name, rows in segments.items()]
        run.measure("subscribers_who_left", f"tracking_{day}_expected", len(there) - float(np.sum(staying)))
        run.measure("subscribers_who_left", f"tracking_{day}_actual", float((lasted < month).sum()))
