"""How uncertain one customer's future is: quantiles of what they will spend, not of what they are expected to.

Comes in: a fitted model of purchases and Gamma-Gamma, purchase histories. Goes out: quantiles per customer.
Given n future orders their sum is Gamma(p·n) ÷ Gamma(p·x + q) times (v + x·mean): only that last factor knows the
customer's money, so the draws are made once per distinct history and scaled.
"""

from __future__ import annotations

import numpy as np

from ml.clv.counted import Floats
from ml.clv.gamma_gamma import GammaGamma
from ml.clv.residual import Purchases

_DRAWS = 400
_MOST_HISTORIES = 20_000


def spend_quantiles(
    purchases: Purchases,
    spend: GammaGamma,
    t: float,
    frequency: Floats,
    recency: Floats,
    T: Floats,
    mean_value: Floats,
    levels: tuple[float, float],
    seed: int,
) -> tuple[Floats, Floats]:
    """The two quantiles `levels` of spend in the next `t` units, one pair per customer."""
    histories, which = _distinct(frequency, recency, T)
    x, t_x, age = histories.T
    count = purchases.draw_purchases(t, x, t_x, age, _DRAWS, seed)
    p, q, v = (spend.params[name] for name in ("p", "q", "v"))
    generator = np.random.default_rng(seed + 1)
    total = generator.gamma(p * count) / generator.gamma(np.broadcast_to((p * x + q)[:, None], count.shape))
    low, high = np.quantile(total, levels, axis=1)
    scale = v + np.where(frequency > 0, frequency * mean_value, 0.0)
    return low[which] * scale, high[which] * scale


def _distinct(frequency: Floats, recency: Floats, T: Floats) -> tuple[Floats, np.ndarray]:
    """Distinct histories and which one each customer has; times on the finest grid that leaves few enough of them."""
    grid = 1.0
    while True:
        age = np.round(T / grid) * grid
        rows = np.column_stack([frequency, np.minimum(np.round(recency / grid) * grid, age), age])
        histories, which = np.unique(rows, axis=0, return_inverse=True)
        if len(histories) <= _MOST_HISTORIES or grid > T.max():
            return histories, which.ravel()
        grid *= 2
