"""Which model of purchases? BG/NBD, unless what customers did afterwards was likelier for certain under another.

Comes in: `ml_inputs.clv_purchases`: each history up to a day (`known_*`), and what came after it. Goes out: the model, the
comparison of two fits, and in `run` how good each was on the part it had not seen, beside the naive forecast "as before".
The measure is the log-likelihood of the whole history less that of its known part, under parameters fitted to the known part.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from ml.clv import BgNbd, MbgNbd, ParetoNbd, fit_bgnbd, fit_gamma_gamma, fit_mbg_nbd, fit_pareto_nbd
from ml.clv.counted import Floats
from ml.clv.fitting import Fit
from ml.clv.forecasts import by_frequency, judge
from ml.clv.intervals import spend_quantiles
from ml.clv.residual import Purchases
from ml.clv.tracking import tracked
from ml.nightly.learning import Parts
from ml.nightly.tables import Run, uniform
from ml.promotions import Duel
from ml.refusal import Refused

MODELS: dict[str, Any] = {"bgnbd": (BgNbd, fit_bgnbd), "mbg_nbd": (MbgNbd, fit_mbg_nbd), "pareto_nbd": (ParetoNbd, fit_pareto_nbd)}
FEWEST_CUSTOMERS, FEWEST_DAYS = 200, 28
_MOST_CUSTOMERS = 100_000  # more of the same kind move the mean likelihood in the fourth digit


def choose(frame: pd.DataFrame, run: Run, seed: int) -> tuple[str, Fit | None]:
    """The model among MODELS and its fit to the known part; the first, without one, where there is too little history."""
    names, tried = list(MODELS), held_apart(frame, seed)
    run.measure("judgement", "is_judged_on_holdout", float(tried is not None))
    if tried is None:
        return names[0], None
    found = {name: judged for name in names if (judged := _judged(name, tried, run, seed)) is not None}
    chosen = _chosen({name: later for name, (later, _) in found.items()})
    return chosen, found[chosen][1] if found else None


def _chosen(later: dict[str, Floats]) -> str:
    """The first of MODELS, by which metrics are defined, or the likeliest of those that beat it at 95 %; `later`: densities by customer.

    The likeliest alone would change the meaning of `p_alive` from night to night by chance.
    """
    usual, *_ = MODELS
    if usual not in later:
        return max(later, key=lambda name: later[name].mean(), default=usual)
    gains = {name: found - later[usual] for name, found in later.items() if name != usual}
    better = [name for name, gain in gains.items() if gain.mean() > 1.96 * gain.std() / np.sqrt(gain.size)]
    return max(better, key=lambda name: later[name].mean(), default=usual)


def compare(champion: Parts, challenger: Parts, frame: pd.DataFrame, seed: int = 0) -> Duel | str:
    """Their log-likelihoods of what customers did in tonight's held-out part, which neither twin has seen."""
    tried = held_apart(frame, seed)
    if tried is None:
        return "the history is too short to hold a part of it out"
    before, whole = _weeks(tried, "known_"), _weeks(tried, "")
    fits = [MODELS[described["chosen"]][0](**described["purchases"]) for described, _ in (champion, challenger)]
    then, now = (fitted.log_densities(*whole) - fitted.log_densities(*before) for fitted in fits)
    gain, margin = float((now - then).mean()), float(1.96 * (now - then).std() / np.sqrt(then.size))
    return Duel("log_likelihood", then.size, gain, gain - margin, gain + margin, float(then.mean()))


def measure_tracking(run: Run, twin: Purchases, frame: pd.DataFrame, days: pd.DataFrame) -> None:
    """Cumulative repeat purchases of everybody, expected by the fit to the known part beside actual; where the held-out part begins."""
    run.measure("judgement", "holdout_days", int(frame["holdout_days"].max()))
    for ago, expected, actual in tracked(twin, frame["age_days"], days).itertuples(index=False):
        day = (run.as_of - timedelta(days=int(ago))).isoformat()
        run.measure("repeat_purchases", f"tracking_{day}_expected", expected)
        run.measure("repeat_purchases", f"tracking_{day}_actual", actual)


def held_apart(frame: pd.DataFrame, seed: int) -> pd.DataFrame | None:
    """Customers known before the held-out part, at most _MOST_CUSTOMERS, always the same first; None where the history is too short."""
    known = frame[frame["known_age_days"].notna()] if "known_age_days" in frame else frame.iloc[:0]
    if len(known) < FEWEST_CUSTOMERS or int(known["holdout_days"].max()) < FEWEST_DAYS:
        return None
    order = np.argsort(uniform(known["customer_key"], seed, None, "clv_judgement"), kind="stable")[:_MOST_CUSTOMERS]
    return known.iloc[np.sort(order)]


def _judged(name: str, frame: pd.DataFrame, run: Run, seed: int) -> tuple[Floats, Fit] | None:
    """Log-likelihood of what came after by customer, and the fit; None where there is none to what came before."""
    before, whole = _weeks(frame, "known_"), _weeks(frame, "")
    try:
        fitted = MODELS[name][1](*before)
    except Refused as reason:
        run.notes.append(f"{name} was not compared: {reason}")
        return None
    later = fitted.log_densities(*whole) - fitted.log_densities(*before)
    mean, margin = float(later.mean()), float(1.96 * later.std() / np.sqrt(later.size))
    run.measure(name, "holdout_log_likelihood", mean, mean - margin, mean + margin)
    weeks = float(frame["holdout_days"].iloc[0]) / 7
    expected = fitted.expected_purchases(weeks, *before)
    actual = frame["held_out_purchases"].to_numpy(dtype=float)
    naive = before[0] * weeks / before[2].max()
    for metric, value in judge(expected, actual, naive).set_index("metric")["value"].items():
        run.measure(name, f"holdout_{metric}", value)
    for repeats, means in by_frequency(before[0], expected, actual).set_index("frequency").iterrows():
        run.measure(name, f"holdout_mean_after_{repeats}_repeats_expected", means["expected"])
        run.measure(name, f"holdout_mean_after_{repeats}_repeats_actual", means["actual"])
    _judge_spend(name, fitted, frame, before, expected, weeks, run, seed)
    return later, fitted


def _judge_spend(
    name: str, fitted: Any, frame: pd.DataFrame, before: tuple[Floats, Floats, Floats], expected: Floats, weeks: float, run: Run, seed: int
) -> None:
    """Totals of money, and how many customers' spend the 80 % interval held (it cannot hold fewer who spend nothing)."""
    mean = frame["known_mean_order_value"].to_numpy(dtype=float)
    try:
        spend = fit_gamma_gamma(before[0], mean)
    except Refused as reason:
        run.notes.append(f"spend was not judged: {reason}")
        return
    actual = frame["held_out_value"].to_numpy(dtype=float)
    low, high = spend_quantiles(fitted, spend, weeks, *before, np.nan_to_num(mean), (0.1, 0.9), seed)
    run.measure(name, "holdout_value_total_expected", float((expected * spend.expected_value(before[0], mean)).sum()))
    run.measure(name, "holdout_value_total_actual", float(actual.sum()))
    run.measure(name, "holdout_value_interval_80_coverage", float(((actual >= low) & (actual <= high)).mean()))


def _weeks(frame: pd.DataFrame, prefix: str) -> tuple[Floats, Floats, Floats]:
    frequency, recency, age = (frame[f"{prefix}{name}"].to_numpy(dtype=float) for name in ("frequency", "recency_days", "age_days"))
    return frequency, recency / 7, age / 7
