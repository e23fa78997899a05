"""Logs of decisions in worlds of many kinds, in which the effect of every action on every customer is known.

Comes in: the name of a world, a seed. Goes out: `World`: features, the expected outcome of every action (the control first), what the
actions cost, and the propensity of every action under the policy that made the log. Effects are points of probability, or of money.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_EXPLORED = {"fifth": 0.2, "tenth": 0.1}  # share of decisions left to chance


@dataclass(frozen=True)
class World:
    """`truth`, `propensity`: customers × actions, the control first; `costs`: in units of the outcome."""

    features: pd.DataFrame
    truth: Floats
    propensity: Floats
    costs: Floats
    is_money: bool
    spread: float  # of the logarithm of money about its expectation

    def decided(self, random: np.random.Generator) -> tuple[NDArray[np.int64], Floats]:
        """(action, outcome) of each customer, as the log's policy and chance would have them."""
        taken = (random.random((len(self.truth), 1)) > self.propensity.cumsum(axis=1)).sum(axis=1)
        taken = np.minimum(taken, self.truth.shape[1] - 1)
        expected = self.truth[np.arange(taken.size), taken]
        if self.is_money:
            return taken, expected * random.lognormal(-(self.spread**2) / 2, self.spread, taken.size)
        return taken, (random.random(taken.size) < expected).astype(float)


class Kind(NamedTuple):
    """How to make one: the effects (customers × actions, without the control) of `Traits`, and how the log came about."""

    rows: int
    effects: Callable[[pd.DataFrame], list[Floats]]
    log: str = "random"  # or "confounded" (by what foretells the outcome, too), "fifth", "tenth" (a rule decides for all but these)
    money: bool = False
    costs: float = 0.0
    level: float = 0.0  # log-odds of the outcome untreated
    spread: float = 0.8  # of money


def _features(random: np.random.Generator, rows: int) -> pd.DataFrame:
    """Two dozen columns, of which a world uses three to eight."""
    frame = pd.DataFrame(random.normal(size=(rows, 16)), columns=[f"x{number}" for number in range(16)])
    frame["spend"] = random.lognormal(3, 1, rows)
    frame["visits"] = random.poisson(np.exp(0.4 * frame["x0"] + 1))
    frame["age"] = np.where(random.random(rows) < 0.25, np.nan, random.uniform(18, 80, rows))
    frame["x3"] = np.where(random.random(rows) < 0.1, np.nan, frame["x3"])
    frame["is_annual"] = random.random(rows) < 0.4
    for name, values in {"plan": ["free", "team", "pro"], "country": ["de", "fr", "us", "in", "br", "jp"]}.items():
        frame[name] = random.choice(values, rows)
    return frame


def _line(values: pd.Series) -> Floats:
    """Ranks about 0, −1 … 1."""
    return (values.rank(pct=True).fillna(0.5) * 2 - 1).to_numpy()


def _flip(is_so: pd.Series, size: float) -> Floats:
    return np.where(is_so, size, -size)


def _constant(f: pd.DataFrame) -> list[Floats]:
    return [np.full(len(f), 0.07), np.full(len(f), 0.03)]


def _linear(f: pd.DataFrame) -> list[Floats]:
    return [0.03 + 0.1 * _line(f["x1"]), 0.02 + 0.08 * _line(f["spend"]) - 0.04 * _line(f["x0"]), 0.1 * _line(f["visits"]) - 0.02]


def _interactions(f: pd.DataFrame) -> list[Floats]:
    return [_flip((f["x1"] > 0) == (f["x2"] > 0), 0.12), 0.12 * _line(f["x4"]) * f["is_annual"] - 0.03]


def _thresholds(f: pd.DataFrame) -> list[Floats]:
    edges = (f["x1"] > 0.5, f["spend"] < 15, f["visits"] >= 4, f["plan"] == "pro")
    return [np.where(edge, 0.15, -0.04) for edge in edges]


def _flips(f: pd.DataFrame) -> list[Floats]:
    return [np.where(f["x1"] > 0.5, 0.1, -0.03), np.where(f["plan"] == "free", 0.08, -0.02)]


def _strong_flips(f: pd.DataFrame) -> list[Floats]:
    return [_flip(f["x1"] > 0, 0.12), _flip(f["country"].isin(["de", "us", "jp"]), 0.12)]


def _bows(f: pd.DataFrame) -> list[Floats]:
    return [0.08 * (f["x1"].to_numpy() ** 2 - 1).clip(-1, 2), 0.08 * np.sin(3 * f["x4"].to_numpy())]


def _few(f: pd.DataFrame) -> list[Floats]:
    return [np.where((f["x1"] > 0.8) & (f["spend"] > 15), 0.3, -0.03), np.full(len(f), 0.01), np.full(len(f), -0.02)]


def _none(f: pd.DataFrame) -> list[Floats]:
    return [np.zeros(len(f))] * 3


def _eight(f: pd.DataFrame) -> list[Floats]:
    return [0.02 + 0.12 * _line(f[f"x{number}"]) for number in range(5)] + [_flip(f["visits"] > 2, 0.06), *_constant(f)]


def _twelve(f: pd.DataFrame) -> list[Floats]:
    return [0.01 + 0.1 * _line(f[f"x{number}"]) for number in range(6)] + [_flip(f["visits"] > 2, 0.06), *_constant(f), *_none(f)[:2]]


def _shares(f: pd.DataFrame) -> list[Floats]:
    """Of money: shares of what is spent untreated."""
    return [0.1 + 0.25 * _line(f["x1"]), 0.2 * _line(f["spend"]), np.where(f["plan"] == "pro", 0.4, -0.05)]


KINDS = {
    "constant": Kind(8_000, _constant),
    "linear": Kind(8_000, _linear),
    "interactions": Kind(8_000, _interactions),
    "thresholds": Kind(8_000, _thresholds),
    "sign flips": Kind(8_000, _flips),
    "strong sign flips": Kind(8_000, _strong_flips),
    "bows": Kind(8_000, _bows),
    "useful to few": Kind(8_000, _few),
    "no effect": Kind(8_000, _none),
    "confounded": Kind(8_000, _linear, log="confounded"),
    "a fifth at random": Kind(12_000, _thresholds, log="fifth"),
    "small, linear": Kind(1_500, _linear),
    "small, flips": Kind(1_500, _strong_flips),
    "small, constant": Kind(1_500, _constant),
    "large, flips": Kind(50_000, _flips),
    "large, interactions": Kind(50_000, _interactions),
    "eight actions": Kind(12_000, _eight),
    "rare outcome": Kind(12_000, _flips, level=-2.5, costs=0.01),
    "money": Kind(8_000, _shares, money=True, costs=4.0),
    "money, few": Kind(8_000, lambda f: [3 * one for one in _few(f)], money=True, costs=2.0),
    "with a tenth at random": Kind(15_000, _flips, log="tenth"),
    # A world draws by its place in the alphabet: a new name comes last, or others are drawn anew.
    "with twelve actions": Kind(30_000, _twelve),
    "with wide money": Kind(8_000, _shares, money=True, costs=2.0, spread=1.3),
}


def made(name: str, seed: int, rows: int | None = None) -> World:
    """The world of that name; `rows` as many as its kind has unless told otherwise."""
    kind, random = KINDS[name], np.random.default_rng([seed, sorted(KINDS).index(name)])
    f = _features(random, rows or kind.rows)
    bent = 0.8 * np.tanh(f["x0"]) + 0.5 * f["is_annual"] - 0.4 * (f["country"] == "br") + 0.3 * _line(f["age"])
    effects = np.column_stack([np.zeros(len(f)), *kind.effects(f)])
    if kind.money:
        truth = (40 * np.exp(0.5 * bent)).to_numpy()[:, None] * (1 + effects)
    else:
        untreated = 1 / (1 + np.exp(-(kind.level + bent)))
        truth = np.clip(untreated.to_numpy()[:, None] + effects, 0.005, 0.995)
    costs = np.append(0.0, np.full(effects.shape[1] - 1, kind.costs))
    return World(f, truth, _propensity(kind.log, f, effects.shape[1]), costs, kind.money, kind.spread)


def _propensity(log: str, f: pd.DataFrame, actions: int) -> Floats:
    if log == "random":
        return np.full((len(f), actions), 1 / actions)
    leaning = np.column_stack([np.zeros(len(f)), *(f["x0"] * (-1) ** number + f["x1"] / 2 for number in range(actions - 1))])
    if log in _EXPLORED:
        return _EXPLORED[log] / actions + (1 - _EXPLORED[log]) * (leaning == leaning.max(axis=1, keepdims=True))
    chances = np.exp(1.5 * leaning)
    return 0.03 + (1 - 0.03 * actions) * chances / chances.sum(axis=1, keepdims=True)
