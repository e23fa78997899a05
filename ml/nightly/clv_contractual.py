"""Value of subscribers: a shifted-beta-geometric per segment for how long, times their monthly margin.

Comes in: customer_key, segment, covariates, tenure_months (whole months), is_active, ended, monthly_margin.
Goes out: parameters (JSON-able), and one row of values per customer.
A segment whose name starts with `year` or `quarter` can only leave at its renewals, every 12 or 3 months. Segments with too few
departures share one fit per renewal rhythm, and where that is too few too, the fit of everybody by months.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.clv import Sbg, fit_sbg_censored
from ml.nightly import clv_survivors as survivors
from ml.nightly.learning import Learnt, Parts
from ml.nightly.tables import Run
from ml.promotions import Duel
from ml.refusal import Refused

Floats = NDArray[np.float64]
NAME = "sbg"
FEWEST_ENDED = 20
COVARIATES = ("plan", "company_size", "acquisition_channel")
_RHYTHMS = {"year": 12, "quarter": 3}
_MONTH = 365.25 / 12


def fit(frame: pd.DataFrame, run: Run, _: pd.DataFrame | None = None) -> Learnt:
    """Fit every segment; what was measured goes into `run`. Raises Refused when fewer than FEWEST_ENDED subscribers ever ended."""
    months = survivors.holdout_months(frame)
    twin = _judged(frame, months, run) if months else None
    described = _fitted(frame, None if twin is None else twin[0]["by"])
    segments = segments_of(frame, described["by"])
    for segment, one in described["segments"].items():
        _measure(run, segment, Sbg(**one["fit"]), int((segments == segment).sum()))
    run.measure("judgement", "is_judged_on_holdout", float(months > 0))
    return Learnt(described, {}, [], twin=twin)


def compare(champion: Parts, challenger: Parts, frame: pd.DataFrame) -> Duel | str:
    """Their log-likelihoods of how subscribers went on in the held-out months, which neither twin has seen."""
    months = survivors.holdout_months(frame)
    if not months:
        return "the history is too short to hold a part of it out"
    then = survivors.standing(frame, months)
    before, now = (_densities(then, described, months) for described, _ in (champion, challenger))
    gain, margin = float((now - before).mean()), float(1.96 * (now - before).std() / np.sqrt(now.size))
    return Duel("log_likelihood", now.size, gain, gain - margin, gain + margin, float(before.mean()))


def _judged(frame: pd.DataFrame, months: int, run: Run) -> Parts | None:
    """The fit to what was known before the held-out months, and in `run` how it foretold them; None where there is none.

    Segments are parted further by the covariate that foretells them best, where that is better by more than one standard error.
    """
    then = survivors.standing(frame, months)
    try:
        twin = _fitted(then, None)
    except Refused as reason:
        run.notes.append(f"sBG was not judged: {reason}")
        return None
    plain, gains = _densities(then, twin, months), {}
    parted = {by: _fitted(then, by) for by in COVARIATES if by in then and then[by].nunique() > 1}
    for by, finer in parted.items():
        gain = _densities(then, finer, months) - plain
        mean, error = float(gain.mean()), float(gain.std() / np.sqrt(gain.size))
        run.measure(f"parted_by_{by}", "holdout_log_likelihood_gain", mean, mean - 1.96 * error, mean + 1.96 * error)
        gains[by] = mean if mean > error else -np.inf
    best = max(gains, key=lambda by: gains[by], default=None)
    twin = parted[best] if best is not None and gains[best] > 0 else twin
    found = _densities(then, twin, months)
    margin = 1.96 * found.std() / np.sqrt(found.size)
    run.measure(NAME, "holdout_log_likelihood", found.mean(), found.mean() - margin, found.mean() + margin)
    survivors.measure_tracking(run, then.assign(segment=segments_of(then, twin["by"])), partial(_survival, twin), months)
    return twin, {}


def _densities(then: pd.DataFrame, fitted: dict[str, Any], months: int) -> Floats:
    then = then.assign(segment=segments_of(then, fitted["by"]))
    return survivors.log_densities(then, partial(_survival, fitted), lambda segment: _used(fitted, segment)["months"], months)


def segments_of(frame: pd.DataFrame, by: str | None) -> pd.Series:
    """Who leaves alike: the billing interval, parted further `by` a covariate."""
    segments = frame["segment"].fillna("unknown").astype(str)
    return segments if by is None else segments + ", " + frame[by].fillna("unknown").astype(str)


def _fitted(frame: pd.DataFrame, by: str | None) -> dict[str, Any]:
    segments = segments_of(frame, by)
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
    return {"by": by, "everyone": {"months": 1, "fit": vars(everyone)}, "segments": fits}


def value(frame: pd.DataFrame, fitted: dict[str, Any], horizon_days: int, annual_discount_rate: float) -> pd.DataFrame:
    """Expected discounted margin: month by month, margin × chance of still being there, discounted at the middle of the month. Of the month
    in which the horizon ends, the part before its end counts.

    The 80 % interval is that of the customer's own lifetime: the margin of the months reached with chance 0.9, and with 0.1,
    widened where needed to hold the expectation. Who has ended is worth 0.
    """
    parts = _parts_of_months(horizon_days)
    months = parts.size
    worth = (parts * (1 + annual_discount_rate) ** -((np.arange(months) + parts / 2) / 12))[None, :]
    segments = segments_of(frame, fitted["by"])
    keys = pd.DataFrame({"segment": segments, "tenure": frame["tenure_months"].to_numpy(dtype=int)})
    distinct = keys.drop_duplicates(ignore_index=True)
    ahead = np.arange(1.0, months + 1)
    survival = np.vstack([_survival(fitted, segment, np.float64(tenure), ahead) for segment, tenure in distinct.itertuples(index=False)])
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


def _parts_of_months(horizon_days: int) -> Floats:
    """How much of each month ahead lies within the horizon: 1 of all but the last. 365 days are twelve months, and 90 are three."""
    ahead = horizon_days / _MONTH
    whole = max(round(ahead), 1)
    ahead = float(whole) if abs(ahead - whole) < 0.05 else ahead
    return np.minimum(1.0, ahead - np.arange(np.ceil(ahead)))


def _rhythm(segment: str) -> int:
    return next((months for name, months in _RHYTHMS.items() if segment.startswith(name)), 1)


def _fit_rows(frame: pd.DataFrame, rows: NDArray[np.bool_], months: int) -> Sbg:
    """Completed renewals; who ended after k of them left at the next one, k + 1."""
    ended = frame["ended"].to_numpy(dtype=bool)[rows]
    renewals = frame["tenure_months"].to_numpy(dtype=int)[rows] // months
    return fit_sbg_censored(renewals + ended, ended)


def _survival(fitted: dict[str, Any], segment: str, tenure: Floats | np.float64, ahead: Floats) -> Floats:
    """Chance of still being there `ahead` months from now, for active subscribers of `tenure` whole months."""
    used = _used(fitted, segment)
    renewals = tenure // used["months"]
    return Sbg(**used["fit"]).survival_from(renewals, (tenure + ahead) // used["months"] - renewals)


def _used(fitted: dict[str, Any], segment: str) -> dict[str, Any]:
    """The fit of a segment, and the months of its terms."""
    used: dict[str, Any] = fitted["segments"].get(segment, fitted["everyone"])
    return used


def _measure(run: Run, segment: str, fitted: Sbg, customers: int) -> None:
    run.measure(segment, "customers", customers)
    run.measure(segment, "log_likelihood", fitted.log_likelihood)
    for parameter, number in fitted.params.items():
        run.measure(segment, parameter, number, *fitted.intervals()[parameter])
