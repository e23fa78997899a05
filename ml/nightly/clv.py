"""Lifetime value, one night: fit, refuse or publish, and value every customer.

Comes in: `ml_inputs.clv_purchases` and `clv_purchase_days` (non-contractual), or `clv_subscriptions` (contractual); one form has rows.
Goes out: `clv_scores` (expected discounted margin over the horizon, 80 % interval) and `model_runs`.
A refused fit leaves the last good one in place, with its age; where there is none, nobody gets a value.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pyarrow as pa

from ml import artifacts as store
from ml.fingerprint import fingerprint
from ml.nightly import clv_contractual as contractual
from ml.nightly import clv_purchases as non_contractual
from ml.nightly.learning import Learnt, Lesson, Objection, learn, load
from ml.nightly.tables import Result, Run, build, empty
from ml.refusal import Refused


def score_clv(
    *,
    purchases: pd.DataFrame,
    subscriptions: pd.DataFrame,
    purchase_days: pd.DataFrame | None = None,
    as_of: date,
    artifacts: Path,
    horizon_days: int = 365,
    annual_discount_rate: float = 0.10,
    gross_margin: float = 1.0,
    reporting_currency: str | None = None,
    seed: int = 0,
) -> Result:
    """Values of every customer of the input that has rows. `gross_margin` applies to order values; subscriptions come as margins.

    `purchase_days` (days_ago, repeat_purchases): what the model of purchases is drawn beside. `reporting_currency`: in which order values
    are; an older fit of another currency neither stays nor stands in the way of tonight's. None: nothing is known of it.
    Status: published, kept_last_good, or refused (no customers, or a refused fit without a predecessor).
    """
    if not subscriptions.empty:
        run, frame = Run("clv_contractual", as_of), subscriptions.sort_values("customer_key", ignore_index=True)
        fitted = _tonights_fit(run, artifacts, frame, contractual, None, None)
        values = None if fitted is None else contractual.value(frame, fitted, horizon_days, annual_discount_rate)
    elif not purchases.empty:
        run, frame = Run("clv_purchases", as_of), purchases.sort_values("customer_key", ignore_index=True)
        fitted = _tonights_fit(run, artifacts, frame, non_contractual, purchase_days, reporting_currency)
        values = None if fitted is None else non_contractual.value(frame, fitted, horizon_days, annual_discount_rate, gross_margin, seed)
    else:
        run, values = Run("clv", as_of, "refused", "there is no customer with a subscription or a purchase"), None
    return run.result(clv_scores=empty("clv_scores") if values is None else _scores(frame, values, run))


def _tonights_fit(
    run: Run, artifacts: Path, frame: pd.DataFrame, form: ModuleType, beside: pd.DataFrame | None, currency: str | None
) -> dict[str, Any] | None:
    """Tonight's parameters, saved and published; else the last good ones; else None. Ages count up to the night: its lesson is its own.

    `currency`: that of the amounts that are learnt from; None for a form that learns from none.
    """
    objection = partial(_other_currency, artifacts=artifacts, currency=currency)
    try:
        lesson = Lesson.of(frame, run.as_of, beside=None if beside is None else fingerprint(beside), currency=currency)
        against = partial(form.compare, frame=frame)
        return learn(run, artifacts, lesson, lambda: _in_currency(form.fit(frame, run, beside), currency), against, objection)[0]
    except Refused as reason:
        return _last_good(run, artifacts, str(reason), objection)


def _in_currency(learnt: Learnt, currency: str | None) -> Learnt:
    return learnt if currency is None else replace(learnt, described=learnt.described | {"currency": currency})


def _other_currency(manifest: store.Manifest, artifacts: Path, currency: str | None) -> str | None:
    """Why a stored model says nothing of tonight's amounts. One that does not tell its currency is taken to be in tonight's."""
    learnt_in = load(artifacts, manifest)[0].get("currency", currency)
    return None if learnt_in == currency else f"the last good fit is in {learnt_in}, and amounts are in {currency}"


def _last_good(run: Run, artifacts: Path, reason: str, objection: Objection) -> dict[str, Any] | None:
    manifest = store.last_good(artifacts, run.model, run.as_of)
    other = None if manifest is None else objection(manifest)
    if manifest is None or other:
        run.status, run.reason = "refused", f"{reason}; {other}" if other else reason
        return None
    run.status, run.version, run.trained_as_of = "kept_last_good", manifest.id, date.fromisoformat(manifest.trained_as_of)
    run.reason = f"{reason}; the fit of {manifest.trained_as_of} stays, {(run.as_of - run.trained_as_of).days} days old"
    return load(artifacts, manifest)[0]


def _scores(frame: pd.DataFrame, values: pd.DataFrame, run: Run) -> pa.Table:
    columns = {str(name): values[name].to_numpy() for name in values}
    keys = {"customer_key": frame["customer_key"], "as_of_date": run.as_of, "model_version": run.version}
    return build("clv_scores", len(frame), columns | keys)
