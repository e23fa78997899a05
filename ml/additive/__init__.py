"""Scorers that are sums: base + one part per column, exactly. What scores is what explains and what is saved.

Comes in: fitted models of scikit-learn, or their saved arrays. Goes out: `Scorer`s over `ml.encoding` codes.
"""

from __future__ import annotations

from ml.additive.mixed import MixedScorer
from ml.additive.ranked import RankedScorer, Ranks
from ml.additive.restoring import restore
from ml.additive.scorers import ConstantScorer, Floats, LinearScorer, Scorer, TreeScorer
from ml.additive.survival import SurvivalScorer
from ml.additive.together import scores_of
from ml.additive.trees import plain_trees

__all__ = [
    "ConstantScorer",
    "Floats",
    "LinearScorer",
    "MixedScorer",
    "RankedScorer",
    "Ranks",
    "Scorer",
    "SurvivalScorer",
    "TreeScorer",
    "plain_trees",
    "restore",
    "scores_of",
]
