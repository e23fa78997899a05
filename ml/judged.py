"""Logged decisions that policies are judged on, with what was to be expected of each under every action.

Comes in: actions, propensities, outcomes, features. Goes out: `Judged`. Whoever judges several policies on the same decisions
makes it once: its outcome models, fitted on all but the fold they speak of, cost nearly all of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ml.additive import Floats
from ml.encoding import require_frame
from ml.logged import checked_choices, checked_log, checked_seed, order_of
from ml.outcomes import doubly_robust, expected_outcomes


@dataclass(frozen=True)
class Judged:
    """`known`: actions as texts, sorted; `taken`: the place of each decision's among them. `order`: labels of the decisions, if any."""

    known: NDArray[Any]
    taken: NDArray[np.int64]
    propensity: Floats
    outcome: Floats
    features: pd.DataFrame | None
    order: pd.Index | None
    seed: int

    @staticmethod
    def of(
        action: ArrayLike, propensity: ArrayLike, outcome: ArrayLike, features: pd.DataFrame | None, choices: Sequence[ArrayLike], seed: int
    ) -> Judged:
        """`choices`: all that will be judged. Raises ValueError for what no estimate survives."""
        if features is not None:
            require_frame(features)
        order = order_of(features, action)
        actions, propensities, outcomes = checked_log(action, propensity, outcome, order)
        wanted = [checked_choices(chosen, actions.size, order) for chosen in choices]
        known, places = np.unique(np.concatenate([actions, *wanted]).astype(str), return_inverse=True)
        return Judged(known, places[: actions.size], propensities, outcomes, features, order, checked_seed(seed))

    @cached_property
    def scores(self) -> Floats:
        """Decisions × actions, doubly robust: with `features` by a cross-fitted outcome model, without them by the actions' means."""
        expected = expected_outcomes(self.features, self.taken, self.outcome, len(self.known), self.seed)
        return doubly_robust(expected, self.taken, self.propensity, self.outcome)

    def places(self, chosen: ArrayLike) -> NDArray[np.int64]:
        """The place of each choice among `known`."""
        return np.searchsorted(self.known, checked_choices(chosen, self.taken.size, self.order).astype(str))

    def scores_of(self, places: NDArray[np.int64]) -> Floats:
        """The score of one action per decision."""
        return self.scores[np.arange(self.taken.size), places]

    def effective(self, places: NDArray[np.int64] | int) -> float:
        """Effective sample size of the decisions that agree: (Σ weights)² ÷ Σ weights²."""
        weights = (self.taken == places) / self.propensity
        return float(weights.sum() ** 2 / (weights**2).sum()) if weights.any() else 0.0
