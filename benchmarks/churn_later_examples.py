"""Tables of customers that came after all settings: bands, cohorts of opposite signs, skewed money, ratios, few columns of many.

Comes in: nothing. Goes out: LATER_EXAMPLES, name → function that returns a raw frame and a label of 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.churn_examples import Table, drawn, numbered


def bands(rows: int) -> Table:
    """Ages, tenures and marks whose risk is flat but for edges."""
    random = np.random.default_rng(31)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 80, rows),
            "tenure": random.geometric(0.03, rows),
            "visits": random.poisson(3, rows),
            "score": random.integers(0, 11, rows),
        }
    )
    log_odds = -1.2 + 1.3 * (frame["age"] < 25) + 1.5 * ((frame["tenure"] < 6) & (frame["visits"] < 2)) - 1.0 * (frame["score"] >= 9)
    return frame, drawn((log_odds + 0.8 * (frame["score"] <= 6) * (frame["tenure"] > 24)).to_numpy(), random)


def skewed(rows: int) -> Table:
    """Money and counts over six orders of magnitude, a third of them nothing."""
    random = np.random.default_rng(33)
    spent = random.lognormal(3, 2.2, (rows, 5)) * (random.random((rows, 5)) > 0.35)
    size = np.log1p(spent)
    log_odds = -1 + 0.45 * (size[:, 0] - 2) - 0.5 * (size[:, 1] - 2) + 0.9 * (spent[:, 2] == 0) - 0.3 * (size[:, 3] - size[:, 4])
    return numbered(spent), drawn(log_odds, random)


def cohorts(rows: int) -> Table:
    """Two kinds of customers, told apart by a flag, whose signs are opposite."""
    random = np.random.default_rng(34)
    matrix, is_business = random.normal(size=(rows, 8)), random.random(rows) < 0.5
    log_odds = -0.7 + np.where(is_business, 1, -1) * (0.9 * matrix[:, 0] + 0.6 * matrix[:, 1]) + 0.4 * matrix[:, 2]
    return numbered(matrix).assign(is_business=is_business), drawn(log_odds, random)


def drowned(rows: int) -> Table:
    """Three weak columns with heavy tails among eighty."""
    random = np.random.default_rng(35)
    matrix = random.standard_t(3, (rows, 80))
    held = np.clip(matrix, -4, 4)
    return numbered(matrix), drawn(-1 + 0.35 * held[:, 0] - 0.3 * held[:, 1] + 0.4 * (matrix[:, 2] > 0), random)


def likely(rows: int) -> Table:
    """Nine in ten leave; ten columns say much the same, a text of twelve levels something else."""
    random = np.random.default_rng(36)
    shared = random.normal(size=rows)
    matrix = shared[:, None] * 0.9 + 0.45 * random.normal(size=(rows, 10))
    region = random.integers(0, 12, rows)
    frame = numbered(matrix).assign(region=[f"r{code}" for code in region])
    return frame, drawn(2.6 - 0.9 * shared + random.normal(0, 0.6, 12)[region], random)


def ratio(rows: int) -> Table:
    """Whose use fell against their own past: a quotient of two columns."""
    random = np.random.default_rng(37)
    now, before = random.lognormal(2, 0.8, rows), random.lognormal(2, 0.8, rows)
    matrix = random.normal(size=(rows, 4))
    log_odds = -1 - 1.4 * np.tanh(np.log(now / before)) + 0.4 * matrix[:, 0]
    return numbered(matrix).assign(now=now, before=before), drawn(log_odds, random)


def shops(rows: int) -> Table:
    """Twelve gappy columns and a text of thirty levels: a line, a bow and two columns that act together."""
    random = np.random.default_rng(38)
    matrix, shop = random.normal(size=(rows, 12)), random.integers(0, 30, rows)
    frame = numbered(np.where(random.random(matrix.shape) < 0.05, np.nan, matrix)).assign(shop=[f"s{code}" for code in shop])
    line = 0.6 * matrix[:, 0] - 0.4 * matrix[:, 1] + 0.3 * np.abs(matrix[:, 4])
    return frame, drawn(-2 + line + 0.7 * (matrix[:, 2] > 1) * (matrix[:, 3] > 0) + random.normal(0, 0.4, 30)[shop], random)


LATER_EXAMPLES: dict[str, Callable[[], Table]] = {
    "likely_600": partial(likely, 600),
    "skewed_700": partial(skewed, 700),
    "drowned_800": partial(drowned, 800),
    "bands_900": partial(bands, 900),
    "cohorts_1200": partial(cohorts, 1_200),
    "ratio_1500": partial(ratio, 1_500),
    "shops_100000": partial(shops, 100_000),
}
