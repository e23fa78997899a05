"""What is still to come, for ever, discounted: expected residual purchases (DERT) of any fitted model of purchases.

Comes in: a fitted BG/NBD, MBG/NBD or Pareto/NBD, histories, a continuous rate of discount per unit of time. Goes out: purchases.
∫ e^(−δt) dE[X(t)] = δ ∫ e^(−δt) E[X(t)] dt, by parts; with u = δt that is a Gauss-Laguerre sum over E[X(u/δ)]. On CDNOW at 15 % a year
it agrees with the closed form of Pareto/NBD (Fader, Hardie & Lee 2005, "RFM and CLV", eq. 8) to four digits.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from ml.clv.counted import Floats

_NODES = 40


class Purchases(Protocol):
    """A fitted model of purchases."""

    def p_alive(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
        """Probability that the customer has not left."""

    def expected_purchases(self, t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
        """Expected purchases in the next `t`, given the history."""

    def draw_purchases(self, t: float, frequency: Floats, recency: Floats, T: Floats, draws: int, seed: int) -> Floats:
        """Draws (customers × draws) of purchases in the next `t`."""


def residual_purchases(model: Purchases, rate: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
    """Discounted expected purchases from now on, without end. `rate` per unit of time, continuous: ln(1 + yearly rate) ÷ units a year.

    Raises ValueError for a rate that is not positive: undiscounted, some models expect infinitely many.
    """
    if not rate > 0:
        raise ValueError("rate: must be above 0; without discount the sum may be infinite")
    nodes, weights = np.polynomial.laguerre.laggauss(_NODES)
    return np.asarray(
        sum(weight * model.expected_purchases(node / rate, frequency, recency, T) for node, weight in zip(nodes, weights, strict=True))
    )
