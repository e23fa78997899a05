"""BG/NBD and its modified form: how often a customer who may silently leave will buy again.

Comes in: frequency (repeat purchases), recency (last − first purchase), T (now − first purchase), one unit of time.
Goes out: `BgNbd` / `MbgNbd` with expected purchases, probability of being alive, and exact draws of future purchases.

BG/NBD: Fader, Hardie & Lee (2005), "Counting Your Customers the Easy Way", Marketing Science 24(2).
MBG/NBD: Batislam, Denizel & Filiztekin (2007), IJRM 24(3): a customer may also leave right after the first purchase.
The two differ in one number: how many times a customer with x repeats is known to have stayed (x, or x + 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, digamma, gammaln, hyp2f1

from ml.clv.counted import Counted, Floats, ahead, count_purchases, history, once_per_pair
from ml.clv.fitting import ROUGH_ROWS, Fit, maximise

_NAMES = ("r", "alpha", "a", "b")
_EDGE = 600.0  # exp() of more is infinite, and infinite odds over infinite odds are nothing


@dataclass(frozen=True)
class BgNbd(Fit):
    """A fitted BG/NBD. `params`: r, alpha (purchase rate ~ Gamma), a, b (drop-out probability ~ Beta)."""

    _extra_stay = 0

    def expected_purchases(self, t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
        """Expected purchases in the next `t` units, given the history (eq. 10; 0, 0, 0 gives a new customer).

        The paper's 2F1 is rewritten by Euler's transformation, so that its arguments stay small for heavy buyers.
        """
        r, alpha, a, b = self._params()
        x, t_x, age = history(frequency, recency, T)
        t = ahead(t, x, t_x, age)
        a = a + 1e-7 if abs(a - 1) < 1e-7 else a  # the singularity at a = 1 is removable

        def while_alive(x: Floats, age: Floats, t: Floats) -> Floats:
            stays, z = x + self._extra_stay, t / (alpha + age + t)
            left = (1 - z) ** (a - 1) * hyp2f1(a + b + self._extra_stay - 1 - r, a - 1, a + b + stays - 1, z)
            return (a + b + stays - 1) / (a - 1) * (1 - left)

        return once_per_pair(while_alive, x, age, t) * self.p_alive(x, t_x, age)

    def p_alive(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
        """Probability that the customer has not left. BG/NBD gives 1 to everyone without a repeat: not a churn score."""
        x, t_x, age = history(frequency, recency, T)
        r, alpha, a, b = self._params()
        stays = x + self._extra_stay
        with np.errstate(divide="ignore", over="ignore"):  # who cannot have left: odds of 0; beyond the largest number: surely gone
            odds = a / np.maximum(b + stays - 1, 1e-300) * np.exp((r + x) * np.log1p((age - t_x) / (alpha + t_x)))
            return 1 / (1 + np.where(stays <= 0, 0.0, odds))  # what is missing stays missing

    def log_densities(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
        """Log-likelihood of each customer's purchase times: comparable between models of purchases."""
        r, alpha, a, b = params = self._params()
        x, t_x, age = (np.asarray(values, dtype=float) for values in (frequency, recency, T))
        stays = x + self._extra_stay
        shared = betaln(a, b + stays) - betaln(a, b) + gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        return shared + np.logaddexp(*_log_parts(params, x, t_x, age, self._extra_stay))

    def draw_purchases(self, t: float, frequency: Floats, recency: Floats, T: Floats, draws: int, seed: int) -> Floats:
        """Exact draws (customers × draws) of purchases in the next `t`: min(Poisson, Geometric) of whoever is alive."""
        r, alpha, a, b = self._params()
        generator = np.random.default_rng(seed)
        shape = (len(frequency), draws)
        x, age = frequency[:, None], T[:, None]
        rate = generator.gamma(np.broadcast_to(r + x, shape)) / (alpha + age)
        leaves = generator.beta(a, np.broadcast_to(b + x + self._extra_stay, shape))
        until_gone = generator.geometric(np.clip(leaves, 1e-12, 1.0))
        alive = generator.random(shape) < self.p_alive(frequency, recency, T)[:, None]
        return np.where(alive, np.minimum(generator.poisson(rate * t), until_gone), 0).astype(float)

    def _params(self) -> tuple[float, float, float, float]:
        return self.params["r"], self.params["alpha"], self.params["a"], self.params["b"]


@dataclass(frozen=True)
class MbgNbd(BgNbd):
    """A fitted MBG/NBD: as `BgNbd`, and a customer may also leave right after the first purchase."""

    _extra_stay = 1


def fit_bgnbd(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, *, weights: ArrayLike | None = None) -> BgNbd:
    """Fit BG/NBD by maximum likelihood; `weights` = customers per row. Raises Refused where it cannot be trusted."""
    return BgNbd(**vars(_fit("BG/NBD", count_purchases(frequency, recency, T, weights), 0)))


def fit_mbg_nbd(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, *, weights: ArrayLike | None = None) -> MbgNbd:
    """Fit MBG/NBD by maximum likelihood; `weights` = customers per row. Raises Refused where it cannot be trusted."""
    return MbgNbd(**vars(_fit("MBG/NBD", count_purchases(frequency, recency, T, weights), 1)))


def _fit(model: str, counted: Counted, extra_stay: int) -> Fit:
    mean_age = float(np.average(counted.columns[2], weights=counted.count))
    starts = [(1.0, mean_age, 1.0, 1.0), (0.3, mean_age / 5, 1.0, 3.0)]
    few = counted.thinned(ROUGH_ROWS)
    rough = None if few is counted else lambda params: _likelihood(params, few, extra_stay)
    sizes = (1.0, mean_age, 1.0, 1.0)  # alpha is a time
    return maximise(
        model, _NAMES, lambda params: _likelihood(params, counted, extra_stay), starts, counted.customers, rough=rough, sizes=sizes
    )


def _log_parts(params: tuple[float, ...], x: Floats, t_x: Floats, age: Floats, extra_stay: int) -> tuple[Floats, Floats]:
    """The two terms of the likelihood (still there, left after the last purchase) without what they share."""
    r, alpha, a, b = params
    stays = x + extra_stay
    alive = -(r + x) * np.log(alpha + age)
    with np.errstate(divide="ignore"):  # nobody can have left before the first drop-out is possible
        dead = np.where(stays > 0, np.log(a) - np.log(np.maximum(b + stays - 1, 1e-300)) - (r + x) * np.log(alpha + t_x), -np.inf)
    return alive, dead


def _likelihood(params: Floats, counted: Counted, extra_stay: int) -> tuple[float, Floats]:
    """Value and gradient. Special functions per distinct frequency; per row only logarithms and one exponential."""
    r, alpha, a, b = params
    x, t_x, age = counted.columns
    level, which, customers = counted.levels
    stays = level + extra_stay
    until_now, until_last = np.log(alpha + age), np.log(alpha + t_x)
    with np.errstate(divide="ignore"):  # nobody can have left before the first drop-out is possible
        odds = np.where(stays > 0, np.log(a) - np.log(np.maximum(b + stays - 1, 1e-300)), -np.inf)[which]
        odds = np.exp(np.minimum(odds + (r + x) * (until_now - until_last), _EDGE))  # of having left, against being there
    weight_dead = counted.count * odds / (1 + odds)
    weight_alive = counted.count - weight_dead
    shared = betaln(a, b + stays) - betaln(a, b) + gammaln(r + level) - gammaln(r) + r * np.log(alpha)
    value = customers @ shared + counted.count @ (np.log1p(odds) - (r + x) * until_now)
    left = np.bincount(which, weights=weight_dead, minlength=level.size)
    stayed = digamma(a + b) - digamma(a + b + stays)
    gradient = (
        customers @ (digamma(r + level) - digamma(r) + np.log(alpha)) - weight_alive @ until_now - weight_dead @ until_last,
        customers.sum() * r / alpha - weight_alive @ ((r + x) / (alpha + age)) - weight_dead @ ((r + x) / (alpha + t_x)),
        customers @ stayed + left.sum() / a,
        customers @ (digamma(b + stays) - digamma(b) + stayed) - left @ (1 / np.where(stays > 0, b + stays - 1, 1)),
    )
    return float(value), np.array(gradient)
