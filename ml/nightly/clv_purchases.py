"""Value of customers without a contract: the best model of purchases for how often, Gamma-Gamma for how much. Unit of time: weeks.

Comes in: customer_key, frequency (repeat purchase days), recency_days, age_days, mean_order_value (of the repeats), and the same
up to an earlier day (`known_*`), by which the model of purchases is chosen.
Goes out: parameters (JSON-able), and one row of values per customer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.clv import GammaGamma, fit_gamma_gamma
from ml.clv.fitting import Fit
from ml.clv.intervals import spend_quantiles
from ml.clv.residual import Purchases
from ml.nightly.clv_judgement import MODELS, choose, compare, measure_tracking
from ml.nightly.learning import Learnt
from ml.nightly.tables import Run

__all__ = ["compare", "fit", "value"]

Floats = NDArray[np.float64]
_STEPS = 12  # points at which the horizon is discounted


def fit(frame: pd.DataFrame, run: Run, days: pd.DataFrame | None = None, seed: int = 0) -> Learnt:
    """Choose a model of purchases, fit it and Gamma-Gamma; what was measured goes into `run`.

    Raises Refused when either fit cannot be trusted.
    """
    x, t_x, age = _history(frame)
    chosen, twin = choose(frame, run, seed)
    purchases = MODELS[chosen][1](x, t_x, age)
    spend = fit_gamma_gamma(x, frame["mean_order_value"].to_numpy(dtype=float))
    for name, fitted in ((chosen, purchases), ("gamma_gamma", spend)):
        _measure(run, name, fitted)
    run.measure("gamma_gamma", "correlation_frequency_value", spend.correlation)
    run.measure(chosen, "customers_never_repeating", float((x == 0).sum()))
    if twin is not None and days is not None:
        measure_tracking(run, MODELS[chosen][0](**vars(twin)), frame, days)
    described = {"chosen": chosen, "purchases": vars(purchases), "gamma_gamma": vars(spend)}
    return Learnt(described, {}, [], twin=None if twin is None else ({"chosen": chosen, "purchases": vars(twin)}, {}))


def value(
    frame: pd.DataFrame, fitted: dict[str, Any], horizon_days: int, annual_discount_rate: float, gross_margin: float, seed: int
) -> pd.DataFrame:
    """Expected discounted margin with its 80 % interval: that of the spend itself, discounted as the expectation is.

    Most customers buy nothing more, so both ends may be 0; the interval is widened where needed to hold the expectation.
    """
    purchases, spend = MODELS[fitted["chosen"]][0](**fitted["purchases"]), GammaGamma(**fitted["gamma_gamma"])
    x, t_x, age = _history(frame)
    mean = np.nan_to_num(frame["mean_order_value"].to_numpy(dtype=float))
    weeks = horizon_days / 7
    expected, discounted = _expected(purchases, x, t_x, age, weeks, annual_discount_rate)
    discount = np.divide(discounted, expected, out=np.ones_like(expected), where=expected > 0)
    low, high = spend_quantiles(purchases, spend, weeks, x, t_x, age, mean, (0.1, 0.9), seed)
    order_value = spend.expected_value(x, mean)
    predicted = discounted * order_value * gross_margin
    return pd.DataFrame(
        {
            "clv_predicted": predicted,
            "clv_predicted_low": np.minimum(low * discount * gross_margin, predicted),
            "clv_predicted_high": np.maximum(high * discount * gross_margin, predicted),
            "expected_purchases": expected,
            "p_alive": purchases.p_alive(x, t_x, age),
            "expected_order_value": order_value,
            "model": f"{fitted['chosen']}_gamma_gamma",
        }
    )


def _history(frame: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    x = frame["frequency"].to_numpy(dtype=float)
    return x, frame["recency_days"].to_numpy(dtype=float) / 7, frame["age_days"].to_numpy(dtype=float) / 7


def _expected(
    purchases: Purchases, x: Floats, t_x: Floats, age: Floats, weeks: float, annual_discount_rate: float
) -> tuple[Floats, Floats]:
    """Expected purchases over the horizon, plain and discounted at the middle of each twelfth; once per distinct history."""
    histories, which = np.unique(np.column_stack([x, t_x, age]), axis=0, return_inverse=True)
    ends = weeks * np.arange(1, _STEPS + 1) / _STEPS
    upto = np.array([purchases.expected_purchases(end, *histories.T) for end in ends])
    within = np.diff(upto, axis=0, prepend=0.0)
    years = (ends - weeks / _STEPS / 2) * 7 / 365.25
    discounted = (within * ((1 + annual_discount_rate) ** -years)[:, None]).sum(axis=0)
    return upto[-1][which.ravel()], discounted[which.ravel()]


def _measure(run: Run, name: str, fitted: Fit) -> None:
    run.measure(name, "log_likelihood", fitted.log_likelihood)
    run.measure(name, "customers", fitted.customers)
    for parameter, number in fitted.params.items():
        run.measure(name, parameter, number, *fitted.intervals()[parameter])
