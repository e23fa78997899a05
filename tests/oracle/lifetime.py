"""Lifetime value of single customers, from the papers' equations and nothing else.

Fader, Hardie & Lee 2005 (BG/NBD), Fader & Hardie 2013 (Gamma-Gamma), Fader & Hardie 2007 (sBG). Integrals are summed numerically where the
product uses closed forms. Times are weeks, margins are of months, discounting is yearly.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, gammaln
from scipy.stats import beta as beta_distribution

Floats = NDArray[np.float64]
Params = Mapping[str, float]


def bgnbd_log_likelihood(params: Params, x: Floats, t_x: Floats, age: Floats) -> float:
    """Equation 6 of the paper, summed."""
    r, alpha, a, b = (params[name] for name in ("r", "alpha", "a", "b"))
    alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
    left = np.where(x > 0, betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + t_x), -np.inf)
    return float((gammaln(r + x) - gammaln(r) + r * np.log(alpha) + np.logaddexp(alive, left)).sum())


def best_bgnbd(x: Floats, t_x: Floats, age: Floats) -> dict[str, float]:
    """The parameters of the greatest likelihood, found without derivatives."""

    def named(logs: Floats) -> dict[str, float]:
        return dict(zip(("r", "alpha", "a", "b"), np.exp(logs), strict=True))

    options = {"maxiter": 6000, "maxfev": 6000, "xatol": 1e-6, "fatol": 1e-7}
    found = minimize(lambda logs: -bgnbd_log_likelihood(named(logs), x, t_x, age), [0, 2, 0, 1], method="Nelder-Mead", options=options)
    return named(found.x)


def p_alive(params: Params, x: Floats, t_x: Floats, age: Floats) -> Floats:
    """Whoever has not bought again has had no chance to leave."""
    r, alpha, a, b = (params[name] for name in ("r", "alpha", "a", "b"))
    odds = a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x)
    return 1 / (1 + np.where(x > 0, odds, 0))


def expected_purchases(params: Params, weeks: Floats, x: Floats, t_x: Floats, age: Floats) -> Floats:
    """By each number of weeks, one row each: the mean over the posterior chance to leave of (1 − e^(−λ p t)) ÷ p for whoever is alive.

    λ is integrated out; the posterior is summed at quantiles.
    """
    r, alpha, a, b = (params[name] for name in ("r", "alpha", "a", "b"))
    nodes, weights = np.polynomial.legendre.leggauss(120)
    leaving, since = beta_distribution.ppf((nodes + 1) / 2, a, b + x[:, None]), alpha + age[:, None]
    bought = [((1 - (since / (since + leaving * ahead)) ** (r + x[:, None])) / leaving) @ (weights / 2) for ahead in weeks]
    return p_alive(params, x, t_x, age) * np.array(bought)


def order_value(params: Params, x: Floats, mean_value: Floats) -> Floats:
    """Gamma-Gamma's conditional mean; the population's where there is no repeat purchase."""
    p, q, v = (params[name] for name in ("p", "q", "v"))
    return np.where(x > 0, p * (v + x * mean_value) / (p * x + q - 1), p * v / (q - 1))


def discounted_purchases(params: Params, days: int, rate: float, x: Floats, t_x: Floats, age: Floats, steps: int = 60) -> Floats:
    """Expected purchases, each discounted from the day on which it is expected."""
    ends = np.linspace(0, days / 7, steps + 1)
    bought = expected_purchases(params, ends, x, t_x, age)
    when = (ends[1:] + ends[:-1]) / 2 * 7 / 365.25
    return (np.diff(bought, axis=0) * (1 + rate) ** -when[:, None]).sum(axis=0)


def subscriber(params: Params, every: int, tenure: int, margin: float, rate: float, months: int = 12) -> tuple[float, float, float]:
    """Value over so many months of who has paid `tenure` of them and may leave `every` so many: expected, and the ends of 80 %.

    A month counts from its middle; the ends are the margin of the months that are reached with a chance of .9, and of .1.
    """
    a, b = params["alpha"], params["beta"]
    survival = [np.exp(betaln(a, b + (tenure + month) // every) - betaln(a, b + tenure // every)) for month in range(1, months + 1)]
    paid = [margin * (1 + rate) ** -((month - 0.5) / 12) for month in range(1, months + 1)]
    value = sum(one * chance for one, chance in zip(paid, survival, strict=True))
    low, high = (sum(one for one, chance in zip(paid, survival, strict=True) if chance >= least) for least in (0.9, 0.1))
    return float(value), min(low, value), max(high, value)
