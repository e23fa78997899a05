"""BG/BB: purchases at fixed opportunities (yearly donations, monthly boxes) by customers who may silently leave.

Comes in: frequency (opportunities used), recency (the last one used, 0 = none), T (opportunities so far).
Goes out: `BgBb`. Fader, Hardie & Shang (2010), "Customer-Base Analysis in a Discrete-Time Noncontractual Setting",
Marketing Science 29(6).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, digamma, gammaln

from ml.clv.counted import Counted, Floats, ahead, count_rows, per_customer
from ml.clv.fitting import Fit, maximise
from ml.refusal import Refused

_NAMES = ("alpha", "beta", "gamma", "delta")


@dataclass(frozen=True)
class BgBb(Fit):
    """A fitted BG/BB. `params`: alpha, beta (use of an opportunity ~ Beta), gamma, delta (leaving ~ Beta)."""

    def expected_purchases(self, t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
        """Expected purchases at the next `t` opportunities, given the history (eq. 13)."""
        alpha, beta, gamma, delta = (self.params[name] for name in _NAMES)
        x, t_x, n = _history(frequency, recency, T)
        time = ahead(t, x, t_x, n)
        gamma = gamma + 1e-7 if abs(gamma - 1) < 1e-7 else gamma  # the singularity at gamma = 1 is removable
        weight = betaln(alpha + x + 1, beta + n - x) - betaln(alpha, beta) - self._log_likelihoods(x, t_x, n)
        now, then = (gammaln(1 + delta + m) - gammaln(gamma + delta + m) for m in (n, n + time))
        scale = delta / (gamma - 1) * np.exp(gammaln(gamma + delta) - gammaln(1 + delta) + weight)
        return scale * (np.exp(now) - np.exp(then))

    def p_alive(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
        """Probability that the customer is still there at opportunity T + 1 (eq. 11)."""
        alpha, beta, gamma, delta = (self.params[name] for name in _NAMES)
        x, t_x, n = _history(frequency, recency, T)
        used = betaln(alpha + x, beta + n - x) - betaln(alpha, beta)
        stayed = betaln(gamma, delta + n + 1) - betaln(gamma, delta)
        return np.exp(used + stayed - self._log_likelihoods(x, t_x, n))

    def _log_likelihoods(self, x: Floats, t_x: Floats, n: Floats) -> Floats:
        params = np.array([self.params[name] for name in _NAMES])
        x, t_x, n = np.broadcast_arrays(x, t_x, n)
        flat = _terms(params, x.ravel(), t_x.ravel(), n.ravel())[0]
        with np.errstate(invalid="ignore"):  # what is missing stays missing
            return np.logaddexp.reduce(flat, axis=0).reshape(x.shape)


def fit_bgbb(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, *, weights: ArrayLike | None = None) -> BgBb:
    """Fit BG/BB by maximum likelihood; `weights` = customers per row. Raises Refused where it cannot be trusted."""
    counted = count_rows({"frequency": frequency, "recency": recency, "T": T}, weights, 30)
    x, t_x, n = counted.columns
    _require_possible(x, t_x, n)
    if not (x > 0).any() or n.max() < 2:
        raise Refused("BG/BB: needs customers who used an opportunity, and two opportunities or more; else nothing tells use from staying")
    starts = [(1.0, 1.0, 1.0, 1.0), (1.0, 0.5, 0.5, 3.0)]
    return BgBb(**vars(maximise("BG/BB", _NAMES, lambda params: _likelihood(params, counted), starts, counted.customers)))


def _history(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> tuple[Floats, Floats, Floats]:
    x, t_x, n = per_customer(frequency=frequency, recency=recency, T=T)
    _require_possible(x, t_x, n)
    return x, t_x, n


def _require_possible(x: Floats, t_x: Floats, n: Floats) -> None:
    contradicts = (x > t_x) | (t_x > n) | (x < 0) | np.isinf(n) | ((x == 0) != (t_x == 0))
    if np.any(contradicts) or any((values % 1 > 0).any() for values in (x, t_x, n)):
        raise Refused("BG/BB: needs whole numbers with frequency <= recency <= T, and recency 0 exactly where frequency is 0")


def _terms(params: Floats, x: Floats, t_x: Floats, n: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Log of every way the history can have come about (rows: alive, left after the i-th silent opportunity …).

    Returns also, per term, how many opportunities were passed over while there, how many were survived, and 1 where the
    customer left: the arguments of the two beta functions.
    """
    alpha, beta, gamma, delta = params
    silent = np.arange(int(np.fmax.reduce(n - t_x, initial=0)))[:, None]
    passed = np.vstack([n - x, t_x - x + silent])
    survived = np.vstack([n, t_x + silent])
    left = np.vstack([np.zeros_like(n), np.ones((len(silent), len(n)))])
    used = betaln(alpha + x, beta + passed) - betaln(alpha, beta)
    terms = used + betaln(gamma + left, delta + survived) - betaln(gamma, delta)
    possible = np.vstack([np.ones(len(n), dtype=bool), silent < n - t_x])
    return np.where(possible, terms, -np.inf), passed, survived, left


def _likelihood(params: Floats, counted: Counted) -> tuple[float, Floats]:
    alpha, beta, gamma, delta = params
    x, t_x, n = counted.columns
    terms, passed, survived, left = _terms(params, x, t_x, n)
    total = np.logaddexp.reduce(terms, axis=0)
    share = np.exp(terms - total)
    used_up = digamma(alpha + beta) - digamma(alpha + beta + x + passed)
    lasted = digamma(gamma + delta) - digamma(gamma + delta + left + survived)
    slopes = (
        digamma(alpha + x) - digamma(alpha) + used_up,
        digamma(beta + passed) - digamma(beta) + used_up,
        digamma(gamma + left) - digamma(gamma) + lasted,
        digamma(delta + survived) - digamma(delta) + lasted,
    )
    return float(counted.count @ total), np.array([counted.count @ (share * slope).sum(axis=0) for slope in slopes])
