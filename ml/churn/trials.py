"""What was tried: a candidate's scores of rows that it has not learnt from, and a mixture of two candidates.

Comes in: out-of-fold log-odds. Goes out: `Trial`, and the parts that a chosen one is fitted from. A line and trees together are often
better than either, and for certain sooner: what both find hard cancels, so that a rule of one standard error no longer takes a line
where trees know more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ml.additive import Floats, MixedScorer, Scorer
from ml.churn.candidates import MIXTURE, Candidate, Rows, fit, named
from ml.evaluation import log_losses

_SHARES = (0.25, 0.5, 0.75)  # of the line


class Part(NamedTuple):
    """A candidate, how many trees it has, and its share in the log-odds."""

    candidate: Candidate
    trees: int
    weight: float


@dataclass
class Trial:
    """One candidate's out-of-fold log-odds: repeats × rows. `mixed`: what a mixture is of."""

    candidate: Candidate
    trees: int
    scores: Floats
    losses: Floats = field(default_factory=lambda: np.empty(0))  # mean over the repeats, per row
    mixed: tuple[Part, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """What it is fitted from."""
        return self.mixed or (Part(self.candidate, self.trees, 1.0),)


def mean_losses(label: Floats, scores: Floats) -> Floats:
    """Log loss per row, mean over the repeats."""
    return np.mean([log_losses(label, 1 / (1 + np.exp(-row))) for row in scores], axis=0)


def mixture(trials: Sequence[Trial], label: Floats) -> list[Trial]:
    """The best line and the best trees together, in the share that foretold best; none without both."""
    pair = [_best([trial for trial in trials if trial.candidate.family == family]) for family in ("linear", "trees")]
    line, trees = pair
    if line is None or trees is None:
        return []
    tried = []
    for share in _SHARES:
        scores = share * line.scores + (1 - share) * trees.scores
        parts = (Part(line.candidate, line.trees, share), Part(trees.candidate, trees.trees, 1 - share))
        tried.append(Trial(MIXTURE, trees.trees, scores, mean_losses(label, scores), parts))
    return [min(tried, key=lambda trial: trial.losses.mean())]


def _best(trials: Sequence[Trial]) -> Trial | None:
    return min(trials, key=lambda trial: trial.losses.mean(), default=None)


def fit_parts(parts: Sequence[Part], rows: Rows, seed: int) -> Scorer:
    """The fitted scorer of all parts together."""
    scorers = tuple(fit(part.candidate, rows, part.trees, seed) for part in parts)
    return scorers[0] if len(scorers) == 1 else MixedScorer(np.array([part.weight for part in parts]), scorers)


def told(parts: Sequence[Part]) -> list[list[Any]]:
    """The parts, JSON-able."""
    return [[part.candidate.name, part.trees, part.weight] for part in parts]


def parts_of(row: Mapping[str, Any]) -> list[Part]:
    """The parts of a candidate's row in a report."""
    return [Part(named(name), int(trees), float(weight)) for name, trees, weight in row["parts"]]
