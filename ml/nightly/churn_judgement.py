"""Is tonight's churn model good enough? Judged out of time, on the newest cut-off whose window is over.

Comes in: labelled customers at several cut-offs. Goes out: numbers for `model_runs`, and the reason for a refusal, if any.
The judged model learns only from cut-offs whose own windows were over before the judged one began: what it could really
have known. It must beat the base rate and the best rule on one recency column in log loss (95 % interval of the paired
difference above 0; a regularised logistic regression is measured beside it), and its probabilities must mean what they say: the
calibration slope lies in 0.8 … 1.25, or so few leavers were judged that its 95 % interval still reaches into it (with 124 leavers the
slope of a true model came out at 1.28).
Where they do not, they are corrected by the judged customers themselves, each half by the other, and judged once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from ml.additive import Floats
from ml.churn.calibration import IDENTITY, Line, correct
from ml.churn.candidates import UNCORRECTED, Rows, fit, named
from ml.churn.folds import Moments, random_folds
from ml.churn.model import ChurnModel
from ml.churn.survival import Months, months_of
from ml.churn.training import SELECTION_ROWS, train
from ml.encoding import Encoder, parse
from ml.evaluation import difference, evaluate, log_losses
from ml.nightly.churn_checks import measure_deciles, measure_folds, measure_groups, measure_survival
from ml.nightly.learning import Parts
from ml.nightly.sides import EPOCH, features_of
from ml.nightly.tables import Run, uniform
from ml.promotions import Duel

RECENCY = ("days_since_last_order", "days_since_engaged", "days_since_usage", "days_since_last_payment", "recency_days")
_SLOPES = (0.8, 1.25)


class Judged(NamedTuple):
    """Why the model must not be published (or None), the model as it was judged, and the line by which its log-odds are corrected."""

    refusal: str | None
    model: ChurnModel | None
    correction: Line = IDENTITY


def judge(labelled: pd.DataFrame, run: Run, horizon_days: int, seed: int) -> Judged:
    """Fill `run` with what was measured. Raises Refused where training does."""
    past, newest, is_later = out_of_time(labelled, horizon_days, seed)
    run.measure("judgement", "is_out_of_time", float(is_later))
    y_past, y = (part["label_left"].to_numpy(dtype=float) for part in (past, newest))
    if not 0 < y.sum() < y.size:
        return Judged(f"all {y.size} customers of the judged cut-off did the same, so nothing can be judged", None)
    days = np.array([(day - EPOCH).days for day in past["cutoff_date"]], dtype=np.int64)
    moments, months = Moments(days, horizon_days), left_in(past, horizon_days)
    model = train(features_of(past), y_past, seed=seed, groups=past["customer_key"], moments=moments, months=months)
    chosen = str(model.report["chosen"])
    correction, probability = _corrected(model, y, model.predict(features_of(newest)).to_numpy(), run, seed)
    forecasts = {
        chosen: probability,
        "base_rate": np.full(y.size, y_past.mean()),
        "recency_only": _recency_rule(past, newest, y_past, seed),
    }
    if chosen != "logistic":
        forecasts["logistic"] = _regularised(past, newest, seed)
    for name, probability in forecasts.items():
        metrics = evaluate(y, probability, seed=seed)
        run.measure_all(name, metrics)
        if name == chosen:
            judged = metrics
    measure_deciles(run, chosen, y, forecasts[chosen])
    measure_groups(run, chosen, features_of(newest), y, forecasts[chosen])
    measure_folds(run, model)
    measure_survival(run, model, features_of(newest), left_in(newest, horizon_days))
    return Judged(_verdict(run, chosen, y, forecasts, judged, seed), model, correction)


def _corrected(model: ChurnModel, y: Floats, probability: Floats, run: Run, seed: int) -> tuple[Line, Floats]:
    """The line that makes probabilities mean what they say at the newest moment, and what each half of it is told by the other's.

    Nothing is changed where they mean it already, where a line does not help for certain, and in a model of survival.
    """
    if model.report["chosen"] in UNCORRECTED or not _is_off(*_slope(evaluate(y, probability, seed=seed))):
        return IDENTITY, probability
    held = np.clip(probability, 1e-9, 1 - 1e-9)
    log_odds = np.log(held) - np.log1p(-held)
    line, crossed = correct(y, log_odds, list(random_folds(y, None, 2, seed)), None)
    if line != IDENTITY:
        run.measure(str(model.report["chosen"]), "corrected_slope", line[0])
        run.measure(str(model.report["chosen"]), "corrected_intercept", line[1])
    return line, crossed


def _slope(metrics: pd.DataFrame) -> tuple[float, float, float]:
    """Calibration slope with its interval."""
    found = metrics.loc[metrics["metric"] == "calibration_slope", ["value", "low", "high"]].to_numpy(dtype=float)[0]
    return float(found[0]), float(found[1]), float(found[2])


def _is_off(slope: float, low: float, high: float) -> bool:
    """Is the slope for certain outside of what is allowed?"""
    return high < _SLOPES[0] or low > _SLOPES[1]


def out_of_time(labelled: pd.DataFrame, horizon_days: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, bool]:
    """Rows to learn from, rows to judge on, and whether time parts them: with too short a history they are different customers."""
    cutoffs = labelled["cutoff_date"]
    newest = cutoffs.max()
    known = cutoffs <= newest - timedelta(days=horizon_days)
    if known.any():
        return labelled[known], labelled[cutoffs == newest], True
    learns = uniform(labelled["customer_key"], seed, None, "judgement") < 0.6
    return labelled[learns], labelled[~learns & (cutoffs == newest).to_numpy()], False


def compare(champion: Parts, challenger: Parts, labelled: pd.DataFrame, horizon_days: int, seed: int) -> Duel | str:
    """Their log losses on the newest cut-off whose window is over: neither twin has learnt from it, nor from anything later."""
    newest = out_of_time(labelled, horizon_days, seed)[1]
    twins = [ChurnModel.from_parts(*parts) for parts in (champion, challenger)]
    gone = sorted(set(twins[0].required) - set(newest.columns))
    if gone:
        return f"the one that scored needs {', '.join(gone)}, which the features lack now"
    before, now = (twin.predict(features_of(newest)).to_numpy() for twin in twins)
    left = newest["label_left"].to_numpy(dtype=float)
    return Duel("log_loss", len(newest), *difference(left, now, before, seed=seed), float(log_losses(left, before).mean()))


def left_in(labelled: pd.DataFrame, horizon_days: int) -> Months | None:
    """The month of the window in which each left; None where that is not known."""
    if "left_after_days" not in labelled:
        return None
    after = labelled["left_after_days"].to_numpy(dtype=float, na_value=np.nan)
    return months_of(labelled["label_left"].to_numpy(dtype=float), after, horizon_days)


def _recency_rule(past: pd.DataFrame, newest: pd.DataFrame, y: Floats, seed: int) -> Floats:
    """Logistic regression on the one recency column that told most about the past."""
    rules = [_one_column(past, newest, y, name, seed) for name in _recency_columns(past.columns)]
    if not rules:
        return np.full(len(newest), y.mean())
    return min(rules, key=lambda rule: rule[0])[1]


def _regularised(past: pd.DataFrame, newest: pd.DataFrame, seed: int) -> Floats:
    """What a careful person would do without all this: regularised logistic regression on every column."""
    few = past.sample(min(len(past), SELECTION_ROWS), random_state=seed)
    parsed, left = parse(features_of(few)), few["label_left"].to_numpy(dtype=float)
    encoder = Encoder.fit(parsed, left)
    scorer = fit(named("logistic"), Rows(encoder, encoder.codes(parsed), left), 0, seed)
    return 1 / (1 + np.exp(-scorer.score(encoder, encoder.read(features_of(newest)))))


def _recency_columns(names: Sequence[str] | pd.Index) -> list[str]:
    return [name for name in RECENCY if name in names]


def _one_column(past: pd.DataFrame, newest: pd.DataFrame, y: Floats, name: str, seed: int) -> tuple[float, Floats]:
    encoder = Encoder.fit(parse(past[[name]]), y)
    codes = encoder.codes(parse(past[[name]], {column.name: column.kind for column in encoder.columns}))
    scorer = fit(named("logistic"), Rows(encoder, codes, y), 0, seed)
    before, after = (1 / (1 + np.exp(-scorer.score(encoder, part))) for part in (codes, encoder.read(newest[[name]])))
    return float(log_losses(y, before).mean()), after


def _verdict(run: Run, chosen: str, y: Floats, forecasts: dict[str, Floats], judged: pd.DataFrame, seed: int) -> str | None:
    if chosen == "base_rate":
        return "no candidate forecasts better than the base rate"
    problems = []
    for rival in ("base_rate", "recency_only"):
        gain, low, high = difference(y, forecasts[chosen], forecasts[rival], seed=seed)
        run.measure(chosen, f"log_loss_gain_over_{rival}", gain, low, high)
        if low <= 0:
            problems.append(
                f"it does not beat the {rival.replace('_', ' ')} for certain (gain in log loss {gain:.4f}, from {low:.4f} to {high:.4f})"
            )
    slope, lowest, highest = _slope(judged)
    if _is_off(slope, lowest, highest):
        measured = f"calibration slope {slope:.2f}, from {lowest:.2f} to {highest:.2f}; allowed {_SLOPES[0]} to {_SLOPES[1]}"
        problems.append(f"its probabilities do not mean what they say ({measured})")
    return "; ".join(problems) or None
