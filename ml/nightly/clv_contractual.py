"""Value of subscribers: a shifted-beta-geometric per segment for how long, times their monthly margin.

Comes in: customer_key, segment, tenure_months (whole months), is_active, ended, monthly_margin.
Goes out: parameters (JSON-able), and one row of values per customer.
A segment whose name starts with `year` or `quarter` can only leave at its renewals, every 12 or 3 months. Segments with too few
departures share one fit per renewal rhythm, and where that is too few too, the fit of everybody by months.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.clv import Sbg, fit_sbg_censored
from ml.nightly.tables import Run
from ml.refusal import Refused

Floats = NDArray[np.float64]
NAME = "sbg"
FEWEST_ENDED = 20
_RHYTHMS = {"year": 12, "quarter": 3}
_MONTH = 365.25 / 12


def fit(frame: pd.DataFrame, run: Run) -> dict[str, Any]:
    """Fit every segment; what was measured goes into `run`. Raises Refused when fewer than FEWEST_ENDED subscribers ever ended."""
    segments = frame["segment"].fillna("unknown").astype(str)
    ended = frame["ended"].to_numpy(dtype=bool)
    if ended.sum() < FEWEST_ENDED:
        raise Refused(
            f"sBG: only {int(ended.sum())} subscribers have ended; at least {FEWEST_ENDED} are needed to say how long the others stay"
        )
    rhythm = segments.map(_rhythm)
    everyone = _fit_rows(frame, np.ones(len(frame), dtype=bool), 1)
    fits: dict[str, Any] = {}
    for segment in sorted(segments.unique()):
        months = _rhythm(segment)
        own, alike = (segments == segment).to_numpy(), (rhythm == months).to_numpy()
        rows = next((mask for mask in (own, alike) if ended[mask].sum() >= FEWEST_ENDED), None)
        fitted = everyone if rows is None else _fit_rows(frame, rows, months)
        fits[segment] = {"months": 1 if rows is None else months, "fit": vars(fitted)}
        _measure(run, segment, fitted, int(own.sum()))
    return {"everyone": {"months": 1, "fit": vars(everyone)}, "segments": fits}


def value(frame: pd.DataFrame, fitted: dict[str, Any], horizon_days: int, annual_discount_rate: float) -> pd.DataFrame:
    """Expected discounted margin: month by month, margin × chance of still being there, discounted at the middle of the month.

    The 80 % interval is that of the customer's own lifetime: the margin of the months reached with chance 0.9, and with 0.1,
    widened where needed to hold the expectation. Who has ended is worth 0.
    """
    months = int(np.ceil(horizon_days / _MONTH - 0.02))
    worth = ((1 + annual_discount_rate) ** -((np.arange(months) + 0.5) / 12))[None, :]
    segments = frame["segment"].fillna("unknown").astype(str)
    keys = pd.DataFrame({"segment": segments, "tenure": frame["tenure_months"].to_numpy(dtype=int)})
    distinct = keys.drop_duplicates(ignore_index=True)
    survival = np.vstack([_survival(fitted, segment, tenure, months) for segment, tenure in distinct.itertuples(index=False)])
    expected, low, high = ((weights * worth).sum(axis=1) for weights in (survival, survival >= 0.9, survival >= 0.1))
    shares = {
        "clv_predicted": expected,
        "clv_predicted_low": np.minimum(low, expected),
        "clv_predicted_high": np.maximum(high, expected),
    }
    which = keys.merge(distinct.assign(position=np.arange(len(distinct))), on=["segment", "tenure"], how="left")["position"].to_numpy()
    active = frame["is_active"].to_numpy(dtype=float)
    margin = frame["monthly_margin"].to_numpy(dtype=float) * active
    values = pd.DataFrame({name: share[which] * margin for name, share in shares.items()})
    return values.assign(expected_purchases=np.nan, p_alive=active, expected_order_value=np.nan, model=NAME)


def _rhythm(segment: str) -> int:
    return next((months for name, months in _RHYTHMS.items() if segment.startswith(name)), 1)


def _fit_rows(frame: pd.DataFrame, rows: NDArray[np.bool_], months: int) -> Sbg:
    """Completed renewals; who ended after k of them left at the next one, k + 1."""
    ended = frame["ended"].to_numpy(dtype=bool)[rows]
    renewals = frame["tenure_months"].to_numpy(dtype=int)[rows] // months
    return fit_sbg_censored(renewals + ended, ended)


def _survival(fitted: dict[str, Any], segment: str, tenure: int, months: int) -> Floats:
    """Chance of still being there in each of the next months, for an active subscriber of `tenure` whole months."""
    used = fitted["segments"].get(segment, fitted["everyone"])
    renewals = tenure // used["months"]
    ahead = (tenure + np.arange(1, months + 1)) // used["months"] - renewals
    return Sbg(**used["fit"]).survival_from(renewals, ahead)


def _measure(run: Run, segment: str, fitted: Sbg, customers: int) -> None:
    run.measure(segment, "customers", customers)
    run.measure(segment, "log_likelihood", fitted.log_likelihood)
    for parameter, number in fitted.params.items():
        run.measure(segment, parameter, number, *fitted.intervals()[parameter])
