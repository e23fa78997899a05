"""Training: from raw columns and a label to the simplest calibrated model that is as good as any.

Comes in: a frame with columns of any type, a label of 0/1 (or booleans), optionally the customer of each row.
Goes out: `ChurnModel`. Candidates are compared on at most SELECTION_ROWS rows; the finalists are compared again, and the winner is
fitted, on at most FIT_ROWS: beyond that more rows of the same kind change log loss in the fourth digit.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ml.additive import Floats
from ml.churn.calibration import IDENTITY, Line, correct
from ml.churn.candidates import UNCORRECTED, Rows
from ml.churn.examples import Examples
from ml.churn.folds import Moments
from ml.churn.model import ChurnModel
from ml.churn.selection import Selection, select, settle
from ml.churn.survival import Months
from ml.churn.trials import fit_parts, parts_of
from ml.encoding import Encoder, parse, require_frame
from ml.evaluation import evaluate
from ml.leakage import Suspicion, suspicions
from ml.logged import aligned, checked_seed
from ml.refusal import Refused
from ml.threads import alone

SELECTION_ROWS, FIT_ROWS = 30_000, 300_000
FEWEST_ROWS, FEWEST_EACH = 200, 10
_WORDS = {"yes": 1, "true": 1, "no": 0, "false": 0}


@alone
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
    y, seed = _checked_label(features, label), checked_seed(seed)
    customers = None if groups is None else _customers(groups, features.index)
    _require_several(y, customers)
    examples = Examples(parse(features), y, customers, moments, months).at_most(FIT_ROWS, seed)
    suspected = suspicions(examples.parsed, examples.label, seed)
    usable = examples.without({one.feature for one in suspected if one.left_out}, "it knows the label; see suspicious_features")
    few = usable.at_most(SELECTION_ROWS, seed)
    first = select(few, seed)
    selection, judged = (first, few) if few is usable else (settle(first, usable, seed), usable)
    line, crossed = _calibrated(selection, judged)
    encoder = Encoder.fit(usable.parsed, usable.label)
    chosen = selection.chosen
    scorer = fit_parts(chosen.parts, Rows(encoder, encoder.codes(usable.parsed), usable.label, usable.months), seed)
    metrics = _metrics(judged.label[selection.rows], crossed, seed)
    report = _report(selection, suspected, usable, line) | {"metrics": metrics} | _folds(first, few, seed)
    return ChurnModel(encoder, scorer, line, tuple(encoder.names), report)


@alone
def refit(model: ChurnModel, features: pd.DataFrame, label: ArrayLike, *, seed: int = 0, months: Months | None = None) -> ChurnModel:
    """The same candidate, size, calibration and columns, fitted on other rows: how a model that was judged learns the newest too."""
    y, seed = _checked_label(features, label), checked_seed(seed)
    kinds = {column.name: column.kind for column in model.encoder.columns}
    examples = Examples(parse(features, kinds), y, months=months).at_most(FIT_ROWS, seed)
    chosen = next(row for row in model.report["candidates"] if row["candidate"] == model.report["chosen"])
    encoder = Encoder.fit(examples.parsed, examples.label)
    scorer = fit_parts(parts_of(chosen), Rows(encoder, encoder.codes(examples.parsed), examples.label, examples.months), seed)
    report = model.report | {"rows": examples.size, "base_rate": float(examples.label.mean())}
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


def _customers(groups: ArrayLike, index: pd.Index) -> NDArray[np.int64]:
    """A number per customer. Rows of whom nobody knows are of one customer each."""
    who = pd.Series(np.ravel(aligned(groups, index)))
    if len(who) != len(index):
        raise ValueError("groups: needs one customer per row of features")
    codes, known = pd.factorize(who)
    unknown = codes < 0
    return np.where(unknown, len(known) + np.cumsum(unknown), codes).astype(np.int64)


def _require_several(y: Floats, customers: NDArray[np.int64] | None) -> None:
    """Who is learnt from is never judged: of leavers and of stayers two customers each are the least."""
    if customers is not None and min(several := [np.unique(customers[y == side]).size for side in (1, 0)]) < 2:
        raise Refused(f"churn: the leavers are {several[0]} customer(s), the stayers {several[1]}; at least two of each are needed")


def _calibrated(selection: Selection, judged: Examples) -> tuple[Line, Floats]:
    scores = selection.chosen.scores[0]
    if selection.chosen.candidate.name in UNCORRECTED:
        return IDENTITY, 1 / (1 + np.exp(-scores))
    groups = None if judged.groups is None else judged.groups[selection.rows]
    return correct(judged.label[selection.rows], scores, selection.splits, groups)


def _metrics(y: Floats, probability: Floats, seed: int) -> dict[str, dict[str, float]]:
    """Out-of-fold metrics of the chosen candidate as it will score: name → value, low, high."""
    frame = evaluate(y, probability, seed=seed).set_index("metric")
    return {str(name): {str(key): float(value) for key, value in row.items()} for name, row in frame.iterrows()}


def _folds(selection: Selection, judged: Examples, seed: int) -> dict[str, list[dict[str, Any]]]:
    """Per moment that was judged out of time: how many were expected to leave, how many did, `metrics`. Nothing without moments."""
    if not selection.rolls or judged.moments is None:
        return {}
    probability = _calibrated(selection, judged)[1]
    moment, left = judged.moments.moment[selection.rows], judged.label[selection.rows]
    told = []
    for one in np.unique(moment):
        at = moment == one
        shares = {"left": float(left[at].mean()), "expected": float(probability[at].mean())}
        told.append({"moment": int(one), "customers": int(at.sum()), **shares, "metrics": _metrics(left[at], probability[at], seed)})
    return {"rolling_folds": told}


def _report(selection: Selection, suspected: list[Suspicion], usable: Examples, line: Line) -> dict[str, Any]:
    return {
        "chosen": selection.chosen.candidate.name,
        "candidates": selection.table,
        "suspicious_features": [asdict(one) for one in suspected],
        "left_out": usable.parsed.left_out,
        "rows": usable.size,
        "base_rate": float(usable.label.mean()),
        "calibration": {"slope": line[0], "intercept": line[1], "corrected": line != IDENTITY},
    }
