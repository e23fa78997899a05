"""Training: from raw columns and a label to the simplest calibrated model that is as good as any.

Comes in: a frame with columns of any type, a label of 0/1 (or booleans), optionally the customer of each row.
Goes out: `ChurnModel`. Candidates are compared on at most SELECTION_ROWS rows and the winner is fitted on at most FIT_ROWS:
beyond that more rows of the same kind change log loss in the fourth digit.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ml.additive import Floats
from ml.churn.calibration import IDENTITY, Line, correct
from ml.churn.folds import Moments
from ml.churn.leakage import Suspicion, suspicions
from ml.churn.model import ChurnModel
from ml.churn.selection import Selection, select
from ml.churn.survival import Months
from ml.churn.trials import fit_parts, parts_of
from ml.encoding import Encoder, Parsed, parse, require_frame
from ml.evaluation import evaluate
from ml.logged import aligned
from ml.refusal import Refused

SELECTION_ROWS, FIT_ROWS = 30_000, 300_000
FEWEST_ROWS, FEWEST_EACH = 200, 10
_UNCORRECTED = {"constant", "survival"}  # nothing to correct; a line through log-odds is none through a log hazard
_WORDS = {"yes": 1, "true": 1, "no": 0, "false": 0}


def train(
    features: pd.DataFrame,
    label: ArrayLike,
    *,
    seed: int = 0,
    groups: ArrayLike | None = None,
    moments: Moments | None = None,
    months: Months | None = None,
) -> ChurnModel:
    """Train on one row per customer (or several per customer, told apart by `groups`, at several `moments`).

    `months`: in which month of the window each left, 0 for those who stayed; with them survival is a candidate too.

    Raises ValueError for a label that is not 0/1 (booleans, yes/no) or does not fit the frame; Refused below FEWEST_ROWS rows, or
    with fewer than FEWEST_EACH leavers or stayers, where no model can be told from the base rate.
    """
    y = _checked_label(features, label)
    customers = None if groups is None else pd.factorize(np.asarray(groups))[0].astype(np.int64)
    index = _sample(y.size, FIT_ROWS, seed)
    parsed, y, customers, moments = _taken(parse(features), y, customers, moments, index)
    months = None if months is None else months[index]
    suspected = suspicions(parsed, y, seed)
    usable = parsed.without({one.feature for one in suspected if one.left_out}, "it knows the label; see suspicious_features")
    few = _sample(y.size, SELECTION_ROWS, seed)
    tried, tried_y, tried_customers, tried_moments = _taken(usable, y, customers, moments, few)
    selection = select(tried, tried_y, tried_customers, seed, tried_moments, None if months is None else months[few])
    judged_y, judged_customers = tried_y[selection.rows], None if tried_customers is None else tried_customers[selection.rows]
    line, crossed = _calibrated(selection, judged_y, judged_customers)
    encoder = Encoder.fit(usable, y)
    chosen = selection.chosen
    scorer = fit_parts(chosen.parts, encoder, encoder.codes(usable), y, seed, months)
    report = _report(selection, suspected, usable, y, line) | {"metrics": _metrics(judged_y, crossed, seed)}
    if selection.rolls and tried_moments is not None:
        report["rolling_folds"] = _folds(tried_moments.moment[selection.rows], judged_y, crossed)
    return ChurnModel(encoder, scorer, line, tuple(encoder.names), report)


def refit(model: ChurnModel, features: pd.DataFrame, label: ArrayLike, *, seed: int = 0, months: Months | None = None) -> ChurnModel:
    """The same candidate, size, calibration and columns, fitted on other rows: how a model that was judged learns the newest too."""
    y = _checked_label(features, label)
    kinds = {column.name: column.kind for column in model.encoder.columns}
    index = _sample(y.size, FIT_ROWS, seed)
    parsed, y, _, _ = _taken(parse(features, kinds), y, None, None, index)
    chosen = next(row for row in model.report["candidates"] if row["candidate"] == model.report["chosen"])
    encoder = Encoder.fit(parsed, y)
    scorer = fit_parts(parts_of(chosen), encoder, encoder.codes(parsed), y, seed, None if months is None else months[index])
    report = model.report | {"rows": int(y.size), "base_rate": float(y.mean())}
    return ChurnModel(encoder, scorer, model.line, tuple(encoder.names), report)


def _checked_label(features: pd.DataFrame, label: ArrayLike) -> Floats:
    require_frame(features)
    values = pd.Series(np.ravel(aligned(label, features.index))).astype(object)
    words = values.map(lambda value: _WORDS.get(value.strip().lower(), value) if isinstance(value, str) else value)
    y = pd.to_numeric(words, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    if len(y) != len(features) or not np.isin(y, (0.0, 1.0)).all():
        raise ValueError("label: needs one 0 or 1 (or False, True, no, yes) per row of features, none missing")
    if len(y) < FEWEST_ROWS or min(y.sum(), (1 - y).sum()) < FEWEST_EACH:
        needed = f"at least {FEWEST_ROWS} rows with {FEWEST_EACH} leavers and {FEWEST_EACH} stayers are needed"
        raise Refused(f"churn: {len(y)} labelled rows with {int(y.sum())} leavers; {needed}")
    return y


def _sample(rows: int, most: int, seed: int) -> NDArray[np.int64]:
    return np.arange(rows) if rows <= most else np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def _taken(
    parsed: Parsed, y: Floats, customers: NDArray[np.int64] | None, moments: Moments | None, index: NDArray[np.int64]
) -> tuple[Parsed, Floats, NDArray[np.int64] | None, Moments | None]:
    if index.size == y.size:
        return parsed, y, customers, moments
    kept = None if customers is None else customers[index]
    return parsed.take(index), y[index], kept, None if moments is None else moments.take(index)


def _calibrated(selection: Selection, y: Floats, customers: NDArray[np.int64] | None) -> tuple[Line, Floats]:
    scores = selection.chosen.scores[0]
    if selection.chosen.candidate.family in _UNCORRECTED:
        return IDENTITY, 1 / (1 + np.exp(-scores))
    return correct(y, scores, selection.splits, customers)


def _metrics(y: Floats, probability: Floats, seed: int) -> dict[str, dict[str, float]]:
    """Out-of-fold metrics of the chosen candidate as it will score: name → value, low, high."""
    frame = evaluate(y, probability, seed=seed).set_index("metric")
    return {str(name): {str(key): float(value) for key, value in row.items()} for name, row in frame.iterrows()}


def _folds(moment: NDArray[np.int64], y: Floats, probability: Floats) -> list[dict[str, float]]:
    """Per moment that was judged out of time: how many were expected to leave, and how many did."""
    told = []
    for one in np.unique(moment):
        at = moment == one
        told.append(
            {"moment": int(one), "customers": int(at.sum()), "left": float(y[at].mean()), "expected": float(probability[at].mean())}
        )
    return told


def _report(selection: Selection, suspected: list[Suspicion], parsed: Parsed, y: Floats, line: Line) -> dict[str, Any]:
    return {
        "chosen": selection.chosen.candidate.name,
        "candidates": selection.table,
        "suspicious_features": [asdict(one) for one in suspected],
        "left_out": parsed.left_out,
        "rows": int(y.size),
        "base_rate": float(y.mean()),
        "calibration": {"slope": line[0], "intercept": line[1], "corrected": line != IDENTITY},
    }
