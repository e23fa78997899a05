"""Gamma-Gamma: what a customer's average order is really worth, given the few orders seen.

Comes in: number of orders behind each customer's mean, and that mean (major units of one currency).
Goes out: `GammaGamma` with the expected mean order value per customer.
Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value". It assumes that how often and how much are unrelated,
so a fit on data where they are is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, gammaln

from ml.clv.counted import Counted, Floats, count_rows, in_order, numbers, per_customer
from ml.clv.fitting import ROUGH_ROWS, Fit, maximise
from ml.refusal import Refused

_NAMES = ("p", "q", "v")


@dataclass(frozen=True)
class GammaGamma(Fit):
    """A fitted Gamma-Gamma. `params`: p (orders around a customer's mean), q, v (means across customers)."""

    correlation: float

    @property
    def population_mean(self) -> float:
        """Expected order value of a customer of whom no order is known: p·v / (q − 1)."""
        p, q, v = (self.params[name] for name in _NAMES)
        return p * v / (q - 1)

    def expected_value(self, frequency: ArrayLike, mean_value: ArrayLike) -> Floats:
        """Expected mean order value (eq. 5): the customer's own mean pulled to the population's.

        Who was left out of the fit (frequency 0, a mean that is missing or not above 0) gets the latter: nothing is known of them.
        """
        p, q, v = (self.params[name] for name in _NAMES)
        x, mean = per_customer(frequency=frequency, mean_value=mean_value)
        is_known = (x > 0) & (mean > 0) & np.isfinite(mean)
        orders = np.where(is_known, x, 0.0)
        return p * (v + orders * np.where(is_known, mean, 0.0)) / (p * orders + q - 1)


def fit_gamma_gamma(
    frequency: ArrayLike, mean_value: ArrayLike, *, weights: ArrayLike | None = None, max_correlation: float = 0.30
) -> GammaGamma:
    """Fit by maximum likelihood on customers with frequency > 0 and a positive mean; the others are left out of the fit.

    Series are put in the order of `frequency` by their labels. Raises Refused for what is no number, when q <= 1 (the population mean
    would be infinite), or |correlation of frequency and value| > `max_correlation`.
    """
    x, mean = (numbers(one, name) for one, name in zip(in_order(frequency, mean_value), ("frequency", "mean_value"), strict=True))
    weight = np.ones(x.size) if weights is None else numbers(weights, "weights")
    if not x.size == mean.size == weight.size:
        raise Refused("frequency, mean_value: differ in length; give one value per customer each")
    kept = (x > 0) & (mean > 0)
    if not kept.any():
        raise Refused("Gamma-Gamma: no customer has a repeat purchase and a mean value above 0; give the mean of the repeat purchases")
    if np.ptp(mean[kept]) == 0:
        raise Refused("Gamma-Gamma: all customers spend exactly the same on a purchase, so nothing says how they differ")
    counted = count_rows({"frequency": x[kept], "mean_value": mean[kept]}, weight[kept], 30)
    correlation = _correlation(counted)
    if abs(correlation) > max_correlation:
        raise Refused(
            f"Gamma-Gamma: frequency and value correlate at {correlation:.2f} (allowed {max_correlation:.2f}); it assumes they do not"
        )
    typical = float(np.average(counted.columns[1], weights=counted.count))
    starts = [(2.0, 3.0, typical), (6.0, 4.0, typical / 2)]
    few = counted.thinned(ROUGH_ROWS)
    rough = None if few is counted else lambda params: _likelihood(params, few)
    sizes = (1.0, 1.0, typical)  # v is an amount of money
    fit = maximise("Gamma-Gamma", _NAMES, lambda params: _likelihood(params, counted), starts, counted.customers, rough=rough, sizes=sizes)
    if fit.params["q"] <= 1:
        raise Refused(f"Gamma-Gamma: q is {fit.params['q']:.2f}; at 1 or below the mean order value has no expectation")
    return GammaGamma(**vars(fit), correlation=correlation)


def _correlation(counted: Counted) -> float:
    x, mean = counted.columns
    if np.ptp(x) == 0 or np.ptp(mean) == 0:
        return 0.0
    covariance = np.cov(x, mean, fweights=None, aweights=counted.count)
    return float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))


def _likelihood(params: Floats, counted: Counted) -> tuple[float, Floats]:
    """Value and gradient. Special functions per distinct frequency."""
    p, q, v = params
    x, mean = counted.columns
    level, which, customers = counted.levels
    total, px = x * mean, p * level
    order, spread = np.log(total), np.log(v + total)
    summed = np.bincount(which, weights=counted.count * spread, minlength=level.size)
    orders = np.bincount(which, weights=counted.count * order, minlength=level.size)
    values = customers * (gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(v)) + px * orders - (px + q) * summed
    more = digamma(px + q)
    slopes = (
        level @ (customers * (more - digamma(px)) + orders - summed),
        customers @ (more - digamma(q) + np.log(v)) - summed.sum(),
        customers.sum() * q / v - counted.count @ ((p * x + q) / (v + total)),
    )
    return float(values.sum() - counted.count @ np.log(mean)), np.array(slopes)
