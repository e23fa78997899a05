"""Churn, one night: train, judge out of time, publish or fall back, score every customer of tonight with reasons.

Comes in: `ml_inputs.customer_features` (customer_key, cutoff_date, is_tonight, label_left, features of any type), `clv_scores`.
Goes out: `churn_scores` and `model_runs`. What passes is saved and scores every night until what it learnt from changes; what does
not leaves the last good model in place, with its age; where there is none, everyone gets the base rate, marked as such.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from ml import artifacts as store
from ml.churn import ChurnModel
from ml.churn.calibration import IDENTITY, Line
from ml.churn.training import refit
from ml.nightly.churn_judgement import compare, judge, left_in
from ml.nightly.churn_tonight import drift_refusal
from ml.nightly.learning import Learnt, Lesson, learn, load
from ml.nightly.risk import expected_losses, risk_bands
from ml.nightly.sides import Sides, features_of, told_later
from ml.nightly.tables import Result, Run, build, empty, uniform
from ml.refusal import Refused

ROWS_PER_CUTOFF = 100_000


def score_churn(
    features: pd.DataFrame, values: pd.DataFrame | None = None, *, as_of: date, horizon_days: int, artifacts: Path, seed: int = 0
) -> Result:
    """Scores of every row with `is_tonight`. `values` (customer_key, clv_predicted) weigh what a customer's leaving would cost.

    Status: published, kept_last_good, base_rate, or refused (nobody to score, no label at all).
    """
    run = Run("churn", as_of)
    features = features.assign(cutoff_date=pd.to_datetime(features["cutoff_date"]).dt.date)
    tonight = features[features["is_tonight"].astype(bool)].sort_values("customer_key", ignore_index=True)
    labelled = _matured(features, as_of, horizon_days, seed)
    if tonight.empty:
        run.status, run.reason = "refused", "there is no active customer to score tonight"
        return run.result(churn_scores=empty("churn_scores"))
    model = _tonights_model(labelled, tonight, run, horizon_days, artifacts, seed)
    if model is None:
        return _base_rate(labelled, tonight, values, run, horizon_days)
    probability, reasons = model.explained(features_of(tonight))
    return run.result(churn_scores=_scores(tonight, values, run, horizon_days, probability.to_numpy(), reasons))


def _matured(features: pd.DataFrame, as_of: date, horizon_days: int, seed: int) -> pd.DataFrame:
    """Rows whose window is over, at most ROWS_PER_CUTOFF per cut-off, always the same customers first."""
    over = features["cutoff_date"] <= as_of - timedelta(days=horizon_days)
    rows = features[over & features["label_left"].notna() & ~features["is_tonight"].astype(bool)]
    order = uniform(rows["customer_key"], seed, None, "training")
    ranked = rows.assign(_order=order).sort_values(["cutoff_date", "_order", "customer_key"], ignore_index=True)
    return ranked[ranked.groupby("cutoff_date").cumcount() < ROWS_PER_CUTOFF].drop(columns="_order").reset_index(drop=True)


def _tonights_model(
    labelled: pd.DataFrame, tonight: pd.DataFrame, run: Run, horizon_days: int, artifacts: Path, seed: int
) -> ChurnModel | None:
    try:
        if labelled.empty:
            raise Refused("no cut-off has a window that is over yet")
        newest = labelled["cutoff_date"].max()
        lesson = Lesson.of(labelled, newest + timedelta(days=horizon_days), horizon_days=horizon_days, seed=seed)
        sides = Sides.of(labelled, tonight)
        known = told_later(labelled) or sides.given_away
        if known is not None:
            raise Refused(f"a feature knows the future ({known})")
        against = partial(compare, labelled=labelled, horizon_days=horizon_days, seed=seed)
        objection = partial(_other_horizon, horizon_days=horizon_days)
        model = ChurnModel.from_parts(
            *learn(run, artifacts, lesson, lambda: _learnt(labelled, run, horizon_days, seed), against, objection)
        )
        refusal = drift_refusal(model, sides, run)
        if refusal is not None:
            raise Refused(refusal)
    except Refused as reason:
        return _last_good(str(reason), tonight, run, artifacts, horizon_days)
    return model


def _other_horizon(manifest: store.Manifest, horizon_days: int) -> str | None:
    """Why a stored model says nothing of tonight's horizon: it was learnt when the window of its newest cut-off was over."""
    foretold = (date.fromisoformat(manifest.trained_as_of) - date.fromisoformat(str(manifest.data_to))).days
    return None if foretold == horizon_days else f"the last good model foretells {foretold} days, and {horizon_days} are asked for"


def _learnt(labelled: pd.DataFrame, run: Run, horizon_days: int, seed: int) -> Learnt:
    """Raises Refused with why not to publish. A column that knows the label refuses the model: the features, not it, are in doubt."""
    refusal, judged, correction = judge(labelled, run, horizon_days, seed)
    if judged is None:
        raise Refused(str(refusal))
    for one in judged.report["suspicious_features"]:
        run.measure(one["feature"], "suspicious_roc_auc", one["roc_auc"])
    certain = [f"{one['feature']}: {one['reason']}" for one in judged.report["suspicious_features"] if one["is_certain"]]
    refusal = f"a feature knows the future ({certain[0]})" if certain else refusal
    if refusal:
        raise Refused(refusal)
    model = _finished(judged, correction, labelled, horizon_days, seed)
    window = (labelled["cutoff_date"].min(), labelled["cutoff_date"].max())
    return Learnt(*model.to_parts(), list(model.required), window, judged.to_parts())


def _finished(judged: ChurnModel, correction: Line, labelled: pd.DataFrame, horizon_days: int, seed: int) -> ChurnModel:
    """The model that scores: learnt from the newest moment too, unless that was needed to correct it.

    Learnt from it *and* corrected by it, it would be corrected twice: what was judged scores then, as it was judged.
    """
    if correction != IDENTITY:
        return judged.corrected(correction)
    label, months = labelled["label_left"].astype(int), left_in(labelled, horizon_days)
    return refit(judged, features_of(labelled), label, seed=seed, months=months)


def _last_good(refusal: str, tonight: pd.DataFrame, run: Run, artifacts: Path, horizon_days: int) -> ChurnModel | None:
    """The last model that passed, when it foretells the same horizon and can still read tonight's columns."""
    run.reason = refusal
    manifest = store.last_good(artifacts, "churn", run.as_of)
    if manifest is None:
        return None
    other = _other_horizon(manifest, horizon_days)
    if other:
        run.reason = f"{refusal}; {other}"
        return None
    gone = sorted(set(manifest.columns) - set(tonight.columns))
    if gone:
        run.reason = f"{refusal}; the last good model needs {', '.join(gone)}, which tonight's features lack"
        return None
    run.status, run.version, run.trained_as_of = "kept_last_good", manifest.id, date.fromisoformat(manifest.trained_as_of)
    run.reason = f"{refusal}; scored with the model of {manifest.trained_as_of}, {(run.as_of - run.trained_as_of).days} days old"
    return ChurnModel.from_parts(*load(artifacts, manifest))


def _base_rate(labelled: pd.DataFrame, tonight: pd.DataFrame, values: pd.DataFrame | None, run: Run, horizon_days: int) -> Result:
    """The newest cut-off's share of leavers for everyone."""
    if labelled.empty:
        run.status = "refused"
        return run.result(churn_scores=empty("churn_scores"))
    cutoff = labelled["cutoff_date"].max()
    run.status, run.version, run.trained_as_of = "base_rate", "base_rate", cutoff + timedelta(days=horizon_days)
    newest = labelled.loc[labelled["cutoff_date"] == cutoff, "label_left"].to_numpy(dtype=float)
    rate = (newest.sum() + 0.5) / (newest.size + 1)
    run.measure("base_rate", "base_rate", rate)
    reasons = pa.array([["No model has passed its checks yet: this is the average risk of all customers"]] * len(tonight))
    return run.result(churn_scores=_scores(tonight, values, run, horizon_days, np.full(len(tonight), rate), reasons))


def _scores(
    tonight: pd.DataFrame,
    values: pd.DataFrame | None,
    run: Run,
    horizon_days: int,
    probability: np.ndarray,
    reasons: pa.Array | pa.ChunkedArray,
) -> pa.Table:
    columns = {
        "customer_key": tonight["customer_key"],
        "as_of_date": run.as_of,
        "horizon_days": horizon_days,
        "churn_probability": probability,
        "risk_band": risk_bands(expected_losses(tonight["customer_key"], probability, values)),
        "reasons": reasons,
        "model_version": run.version,
    }
    return build("churn_scores", len(tonight), columns)
