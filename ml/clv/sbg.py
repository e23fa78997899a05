"""Shifted beta-geometric: how long subscribers stay when each has a renewal probability of their own.

Comes in: the survivors of a cohort period by period (`fit_sbg`), or one tenure per subscriber with whether it has ended
(`fit_sbg_censored`). Goes out: `Sbg` with survival, retention and discounted expected residual lifetime.
Fader & Hardie (2007), "How to Project Customer Retention", Journal of Interactive Marketing 21(1); residual lifetime:
Fader & Hardie (2010), "Customer-Base Valuation in a Contractual Setting", Marketing Science 29(1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, digamma, hyp2f1

from ml.clv.counted import Counted, Floats, count_rows, floats, shaped
from ml.clv.fitting import Fit, maximise
from ml.refusal import Refused

_NAMES = ("alpha", "beta")


@dataclass(frozen=True)
class Sbg(Fit):
    """A fitted sBG. `params`: alpha, beta (leaving at a renewal ~ Beta). Time counts renewals: whole periods."""

    def survival(self, t: ArrayLike) -> Floats:
        """Share of a cohort still there after `t` periods (eq. 6)."""
        alpha, beta = self.params["alpha"], self.params["beta"]
        return np.exp(betaln(alpha, beta + _at_least(0, t, "t")) - betaln(alpha, beta))

    def retention(self, t: ArrayLike) -> Floats:
        """Share of those there after t − 1 periods who are there after `t` (eq. 8); it rises as the loyal remain."""
        alpha, beta = self.params["alpha"], self.params["beta"]
        t = _at_least(1, t, "t")
        return (beta + t - 1) / (alpha + beta + t - 1)

    def survival_from(self, tenure: ArrayLike, ahead: ArrayLike) -> Floats:
        """Probability that a subscriber of `tenure` periods stays `ahead` more."""
        tenure = _at_least(0, tenure, "tenure")
        return self.survival(tenure + _at_least(0, ahead, "ahead")) / self.survival(tenure)

    def residual_lifetime(self, tenure: ArrayLike, discount_rate: float) -> Floats:
        """Discounted expected renewals still to come of an active subscriber of `tenure` periods, the next one included.

        `discount_rate` is per period; Fader & Hardie (2010) with tenure = n − 1 renewals made, standing before the n-th.
        """
        alpha, beta = self.params["alpha"], self.params["beta"]
        n, rate = _at_least(0, tenure, "tenure"), _at_least(0, discount_rate, "discount_rate")
        return (beta + n) / (alpha + beta + n) * hyp2f1(1, beta + n + 1, alpha + beta + n + 1, 1 / (1 + rate))


def _at_least(least: float, values: ArrayLike, name: str) -> Floats:
    told = shaped(values, name)
    if (told < least).any():
        raise Refused(f"{name}: is below {least:g}; give {least:g} or more")
    return told


def fit_sbg(survivors: ArrayLike) -> Sbg:
    """Fit to one cohort: `survivors[t]` subscribers left after t periods, `survivors[0]` at the start.

    Percentages give the same parameters as counts; standard errors are then those of a cohort of one hundred.
    Raises Refused for fewer than three points, a curve that rises, or a cohort that nobody left.
    """
    curve = floats(survivors, "survivors")
    if curve.size < 3 or (np.diff(curve) > 0).any() or curve[-1] < 0 or curve[0] <= 0:
        raise Refused("sBG: survivors must be three or more numbers that never rise, the cohort's size first")
    lost, periods = -np.diff(curve), np.arange(1, curve.size, dtype=float)
    tenure = np.append(periods, periods[-1])
    ended = np.append(np.ones(periods.size), 0.0)
    return fit_sbg_censored(tenure, ended, weights=np.append(lost, curve[-1]))


def fit_sbg_censored(tenure: ArrayLike, ended: ArrayLike, *, weights: ArrayLike | None = None) -> Sbg:
    """Fit to subscribers of any start: ended in period `tenure` (1, 2 …), or still there after `tenure` periods.

    Where all are alike the best fit lies at the edge (a fixed retention rate); that limit is accepted.
    Raises Refused when nobody has ended.
    """
    counted = count_rows({"tenure": tenure, "ended": np.asarray(ended, dtype=float)}, weights, 1)
    t, is_ended = counted.columns
    if (t[is_ended > 0] < 1).any() or (t < 0).any():
        raise Refused("sBG: a subscriber who ended did so in period 1 or later; count started periods, not completed ones")
    if not counted.count[is_ended > 0].sum() > 0:
        raise Refused("sBG: nobody has left yet, so nothing says how long the others stay")
    starts = [(1.0, 1.0), (1.0, 5.0), (0.5, 20.0)]
    return Sbg(**vars(maximise("sBG", _NAMES, lambda params: _likelihood(params, counted), starts, counted.customers, edge=True)))


def _likelihood(params: Floats, counted: Counted) -> tuple[float, Floats]:
    alpha, beta = params
    t, ended = counted.columns
    survived = t - ended
    values = betaln(alpha + ended, beta + survived) - betaln(alpha, beta)
    shared = digamma(alpha + beta) - digamma(alpha + beta + t)
    slopes = (
        digamma(alpha + ended) - digamma(alpha) + shared,
        digamma(beta + survived) - digamma(beta) + shared,
    )
    return float(counted.count @ values), np.array([counted.count @ slope for slope in slopes])
