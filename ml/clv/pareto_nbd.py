"""Pareto/NBD: purchases at a customer's own rate until an unseen moment of leaving.

Comes in: frequency, recency and T as for BG/NBD. Goes out: `ParetoNbd`.
Schmittlein, Morrison & Colombo (1987), Management Science 33(1); likelihood and expectations as in Fader & Hardie (2005),
"A Note on Deriving the Pareto/NBD Model and Related Expressions".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, hyp2f1

from ml.clv.counted import Counted, Floats, ahead, count_purchases, count_rows, history
from ml.clv.fitting import ROUGH_ROWS, Fit, Likelihood, maximise, numeric_gradient

_NAMES = ("r", "alpha", "s", "beta")
_ONE_RATE = 5e-4  # keeps s below 81: there all leave at one rate, the data does not tell s from beta, and SciPy's 2F1 gives out beyond


@dataclass(frozen=True)
class ParetoNbd(Fit):
    """A fitted Pareto/NBD. `params`: r, alpha (purchase rate ~ Gamma), s, beta (leaving rate ~ Gamma)."""

    def expected_purchases(self, t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
        """Expected purchases in the next `t` units, given the history."""
        r, alpha, s, beta = (self.params[name] for name in _NAMES)
        x, t_x, age = history(frequency, recency, T)
        t = ahead(t, x, t_x, age)
        s = s + 1e-7 if abs(s - 1) < 1e-7 else s  # the singularity at s = 1 is removable
        lasting = -np.expm1((s - 1) * np.log((beta + age) / (beta + age + t))) / (s - 1)
        return (r + x) * (beta + age) / (alpha + age) * lasting * self.p_alive(x, t_x, age)

    def p_alive(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
        """Probability that the customer has not left by T."""
        x, t_x, age = history(frequency, recency, T)
        params = np.array([self.params[name] for name in _NAMES])
        alive, dead = _log_parts(params, x, t_x, age)
        with np.errstate(invalid="ignore"):  # what is missing stays missing
            return np.exp(alive - np.logaddexp(alive, dead))

    def log_densities(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
        """Log-likelihood of each customer's purchase times: comparable between models of purchases."""
        x, t_x, age = (np.asarray(values, dtype=float) for values in (frequency, recency, T))
        params = np.array([self.params[name] for name in _NAMES])
        return _log_shared(params, x) + np.logaddexp(*_log_parts(params, x, t_x, age))

    def draw_purchases(self, t: float, frequency: Floats, recency: Floats, T: Floats, draws: int, seed: int) -> Floats:
        """Exact draws (customers × draws) of purchases in the next `t`: Poisson until whoever is alive leaves."""
        r, alpha, s, beta = (self.params[name] for name in _NAMES)
        generator = np.random.default_rng(seed)
        shape = (len(frequency), draws)
        rate = generator.gamma(np.broadcast_to(r + frequency[:, None], shape)) / (alpha + T[:, None])
        leaves = generator.gamma(s, size=shape) / (beta + T[:, None])
        there = np.minimum(generator.standard_exponential(shape) / np.maximum(leaves, 1e-300), t)
        alive = generator.random(shape) < self.p_alive(frequency, recency, T)[:, None]
        return np.where(alive, generator.poisson(rate * there), 0).astype(float)


def fit_pareto_nbd(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, *, weights: ArrayLike | None = None) -> ParetoNbd:
    """Fit Pareto/NBD by maximum likelihood; `weights` = customers per row. Raises Refused where it cannot be trusted."""
    counted = count_purchases(frequency, recency, T, weights)
    mean_age = float(np.average(counted.columns[2], weights=counted.count))
    starts = [(1.0, mean_age, 1.0, mean_age), (0.5, mean_age / 3, 0.6, mean_age / 3)]
    few = counted.thinned(ROUGH_ROWS)
    rough = None if few is counted else _likelihood(few)
    sizes = (1.0, mean_age, _ONE_RATE, mean_age)  # alpha and beta are times
    return ParetoNbd(**vars(maximise("Pareto/NBD", _NAMES, _likelihood(counted), starts, counted.customers, rough=rough, sizes=sizes)))


def _likelihood(counted: Counted) -> Likelihood:
    """The costly 2F1 stand on frequency and one time only: they are computed once per distinct pair."""
    x, t_x, age = counted.columns
    pairs = [_pairs(x, times) for times in (t_x, age)]

    def value(params: Floats) -> float:
        early, late = (_log_tail(params, *distinct)[which] for distinct, which in pairs)
        r, alpha, s, beta = params
        alive = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
        return float(counted.count @ (_log_shared(params, x) + np.logaddexp(alive, _log_left(params, x, early, late))))

    return numeric_gradient(value)


def _pairs(x: Floats, times: Floats) -> tuple[tuple[Floats, Floats], NDArray[np.int64]]:
    distinct = count_rows({"frequency": x, "time": times}, None, 0)
    return (distinct.columns[0], distinct.columns[1]), distinct.which


def _log_shared(params: Floats, x: Floats) -> Floats:
    r, alpha, s, beta = params
    return gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)


def _log_parts(params: Floats, x: Floats, t_x: Floats, age: Floats) -> tuple[Floats, Floats]:
    """The two terms of the likelihood: still there at T; left between the last purchase and T."""
    r, alpha, s, beta = params
    alive = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
    return alive, _log_left(params, x, _log_tail(params, x, t_x), _log_tail(params, x, age))


def _log_left(params: Floats, x: Floats, early: Floats, late: Floats) -> Floats:
    r, _, s, _ = params
    with np.errstate(divide="ignore"):  # t_x = T leaves no time to have left in
        return np.log(s / (r + s + x)) + early + np.log(-np.expm1(np.minimum(late - early, 0.0)))


def _log_tail(params: Floats, x: Floats, y: Floats) -> Floats:
    """One 2F1 term of A0, by Euler's transformation: 2F1(1, ·; ·; z) neither over- nor underflows for heavy buyers."""
    r, alpha, s, beta = params
    c = r + s + x + 1
    if alpha >= beta:
        series = hyp2f1(1, r + x, c, (alpha - beta) / (alpha + y))
        return np.log(series) - (r + x) * np.log(alpha + y) - s * np.log(beta + y)
    series = hyp2f1(1, s + 1, c, (beta - alpha) / (beta + y))
    return np.log(series) - (r + x - 1) * np.log(alpha + y) - (s + 1) * np.log(beta + y)
