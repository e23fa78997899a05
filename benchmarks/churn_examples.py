"""Tables of customers of many kinds, each generated from a seed: what a churn model may meet.

Comes in: nothing. Goes out: EXAMPLES, name → function that returns a raw frame and a label of 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.datasets import make_classification, make_friedman1, make_hastie_10_2, make_moons

Table = tuple[pd.DataFrame, np.ndarray]


def drawn(log_odds: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A label of that chance each."""
    return (random.random(log_odds.size) < 1 / (1 + np.exp(-log_odds))).astype(int)


def numbered(matrix: np.ndarray) -> pd.DataFrame:
    """Columns x0, x1 …"""
    return pd.DataFrame(matrix, columns=[f"x{number}" for number in range(matrix.shape[1])])


def linear(rows: int, columns: int = 8, seed: int = 0) -> Table:
    """Few numbers, additive on the log-odds."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, columns))
    return numbered(matrix), drawn(-1 + matrix[:, :3] @ [1.0, -0.7, 0.4], random)


def classification(rows: int, share: float = 0.3, columns: int = 20, seed: int = 0) -> Table:
    """scikit-learn's clusters on a hypercube, a few labels flipped."""
    matrix, label = make_classification(
        rows, columns, n_informative=8, n_redundant=4, weights=[1 - share], flip_y=0.02, class_sep=0.7, random_state=seed
    )
    return numbered(matrix), label


def friedman(rows: int, seed: int = 0) -> Table:
    """A product and a square beside straight lines (Friedman 1991)."""
    matrix, target = make_friedman1(rows, random_state=seed)
    return numbered(matrix), drawn((target - target.mean()) / 2 - 1, np.random.default_rng(seed))


def hastie(rows: int) -> Table:
    """Who lies far from the centre: no column alone says anything."""
    matrix, label = make_hastie_10_2(rows, random_state=0)
    return numbered(matrix), (label > 0).astype(int)


def moons(rows: int) -> Table:
    """Two interleaving half circles among four columns of noise."""
    matrix, label = make_moons(rows, noise=0.35, random_state=0)
    return numbered(np.hstack([matrix, np.random.default_rng(0).normal(size=(rows, 4))])), label


def levels(rows: int, count: int = 400) -> Table:
    """A text with hundreds of levels, each with a risk of its own, and a few rare spellings."""
    random = np.random.default_rng(1)
    town, risk = random.zipf(1.4, rows) % count, random.normal(0, 1.2, count)
    plan = random.choice(["basic", "plus", "pro", None], rows, p=[0.5, 0.3, 0.15, 0.05])
    frame = pd.DataFrame({"town": [f"town {number}" for number in town], "plan": plan, "seats": random.poisson(3, rows)})
    return frame, drawn(-1 + risk[town] + np.where(plan == "basic", 0.6, 0.0), random)


def missing(rows: int) -> Table:
    """Six values in ten are missing, and that they are says something."""
    random = np.random.default_rng(2)
    matrix = random.normal(size=(rows, 12))
    gone = random.random(matrix.shape) < 0.6
    log_odds = -1 + np.where(gone, 0, matrix)[:, :4] @ [1.2, 0.9, -0.8, 0.5] + 1.5 * (gone[:, 0] & gone[:, 5])
    return numbered(np.where(gone, np.nan, matrix)), drawn(log_odds, random)


def mixed(rows: int) -> Table:
    """Nullable and Arrow types, flags as objects, dates with a zone, numbers as text, a constant, an id, nothing at all, another index."""
    random = np.random.default_rng(3)
    joined = pd.Timestamp("2022-01-01", tz="America/New_York") + pd.to_timedelta(random.integers(0, 1400, rows), "D")
    age = (pd.Timestamp("2026-01-01", tz="UTC") - joined).days.to_numpy()
    seats, auto = random.poisson(4, rows), random.random(rows) < 0.6
    spend = np.round(random.lognormal(3, 1, rows), 2)
    frame = pd.DataFrame(
        {
            "joined": joined,
            "seats": pd.array(np.where(seats > 8, None, seats), dtype="Int64"),
            "auto_renews": np.where(random.random(rows) < 0.1, None, auto),
            "is_partner": pd.array(random.random(rows) < 0.2, dtype="boolean[pyarrow]"),
            "spend": spend.astype(str),
            "plan": pd.array(random.choice(["basic", "plus", "pro"], rows), dtype="string[pyarrow]"),
            "segment": pd.Categorical(random.choice(["a", "b", "c", "d"], rows)),
            "currency": "EUR",
            "customer_id": [f"cus_{number:08x}" for number in random.permutation(rows)],
            "never_filled": pd.array([None] * rows, dtype="Float64"),
        },
        index=pd.Index(random.permutation(rows) + 7_000, name="row"),
    )
    log_odds = (
        0.5 - age / 500 - 1.2 * auto + 0.5 * np.log(spend) - 0.2 * seats + 1.0 * ((frame["plan"] == "basic").to_numpy() & (age < 300))
    )
    return frame, drawn(log_odds, random)


def usage(rows: int, share_of_leavers: float = -1.0) -> Table:
    """Heavy-tailed counts, a threshold of silence, and a discount that only matters to those who pay much."""
    random = np.random.default_rng(4)
    rate = random.gamma(0.7, 12, rows)
    logins, silent = random.poisson(rate), random.exponential(200 / (1 + rate))
    price, discounted = random.lognormal(3.5, 0.8, rows), random.random(rows) < 0.3
    plan = random.choice(["month", "year"], rows, p=[0.7, 0.3])
    frame = pd.DataFrame({"logins": logins, "silent_days": silent, "price": price, "discounted": discounted, "plan": plan})
    log_odds = share_of_leavers - 0.5 * np.log1p(logins) + 1.4 * (silent > 30) - 1.0 * (discounted & (price > 40)) - 1.1 * (plan == "year")
    return frame.join(numbered(random.normal(size=(rows, 6)))), drawn(log_odds, random)


def repeated(rows: int) -> Table:
    """Every second row is there twice more."""
    features, label = linear(rows // 2, seed=5)
    again = np.repeat(np.arange(len(label)), np.where(np.arange(len(label)) % 2, 3, 1))
    return features.iloc[again].reset_index(drop=True), label[again]


def renewals(rows: int) -> Table:
    """Nobody leaves but at a renewal: two thirds can hardly leave at all, and everything that matters happens among the rest."""
    random = np.random.default_rng(9)
    frame = numbered(random.normal(size=(rows, 12))).assign(days_to_renewal=random.integers(1, 365, rows))
    pull = 0.9 * frame["x0"] - 0.9 * frame["x1"] + 0.6 * frame["x2"] * (frame["x3"] > 0)
    return frame, drawn(np.where(frame["days_to_renewal"] <= 120, -1.5 + pull, -8.0), random)


def noise(rows: int) -> Table:
    """Nothing to be learnt."""
    random = np.random.default_rng(6)
    return numbered(random.normal(size=(rows, 10))), (random.random(rows) < 0.2).astype(int)


EXAMPLES: dict[str, Callable[[], Table]] = {
    "linear_400": lambda: linear(400),
    "linear_8k": lambda: linear(8_000),
    "wide_600": lambda: linear(600, 150, seed=7),
    "clusters_400": lambda: classification(400),
    "clusters_2k": lambda: classification(2_000),
    "clusters_10k": lambda: classification(10_000),
    "friedman_1k": lambda: friedman(1_000),
    "friedman_10k": lambda: friedman(10_000),
    "hastie_4k": lambda: hastie(4_000),
    "hastie_12k": lambda: hastie(12_000),
    "moons_1k": lambda: moons(1_000),
    "levels_10k": lambda: levels(10_000),
    "missing_5k": lambda: missing(5_000),
    "mixed_1k": lambda: mixed(1_000),
    "mixed_6k": lambda: mixed(6_000),
    "usage_400": lambda: usage(400),
    "usage_3k": lambda: usage(3_000),
    "usage_12k": lambda: usage(12_000),
    "repeated_2k": lambda: repeated(2_000),
    "noise_500": lambda: noise(500),
    "rare_50k": lambda: usage(50_000, -4.5),
    "renewals_100k": lambda: renewals(100_000),
    "clusters_200k": lambda: classification(200_000),
}
