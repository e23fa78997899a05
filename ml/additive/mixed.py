"""Several scorers as one: a weighted sum.

Comes in: `codes`. Goes out: a score that is a sum over columns, as those of its parts are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.additive.scorers import Floats, Scorer
from ml.encoding import Encoder


@dataclass(frozen=True)
class MixedScorer:
    """Σ weight · score; at least one scorer."""

    weights: Floats
    scorers: tuple[Scorer, ...]

    @property
    def base(self) -> float:
        """The score before any column adds its part."""
        return float(sum(weight * scorer.base for weight, scorer in zip(self.weights, self.scorers, strict=True)))

    def score(self, encoder: Encoder, codes: Floats) -> Floats:
        """Score per row."""
        return np.sum([weight * scorer.score(encoder, codes) for weight, scorer in zip(self.weights, self.scorers, strict=True)], axis=0)

    def parts(self, encoder: Encoder, codes: Floats) -> Floats:
        """What each column adds."""
        return np.sum([weight * scorer.parts(encoder, codes) for weight, scorer in zip(self.weights, self.scorers, strict=True)], axis=0)

    def arrays(self) -> dict[str, NDArray]:
        """What `restore` needs: the weights, and the arrays of each part under its number."""
        parts = {f"{number}.{name}": array for number, one in enumerate(self.scorers) for name, array in one.arrays().items()}
        return {"weights": self.weights, **parts}
