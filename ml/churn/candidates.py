"""The candidates, simplest first: base rate, logistic regression in four ways, survival by months, boosting of three sizes, a mixture.

Comes in: `Rows`. Goes out: fitted scorers; for boosting also the scores after every tenth tree, so that one
cross-validation chooses the number of trees too.

Settings are for the size of the table: default boosting is over-fitted and badly calibrated on a few thousand rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ml.additive import ConstantScorer, Floats, LinearScorer, Scorer, SurvivalScorer, plain_trees
from ml.additive.survival import log_odds
from ml.churn.survival import Months, fit_survival
from ml.encoding import Encoder
from ml.threads import quiet_threads

if TYPE_CHECKING:  # scikit-learn is read when something is learnt
    from ml.additive.boosting import Bins, Classifier

STEP, CHUNK = 10, 20  # trees between two looks at the score; trees grown at a time
WIDE = 100  # columns


@dataclass(frozen=True)
class Candidate:
    """One learner with its settings; `complexity` orders the candidates, who is tried between `smallest_rows` and `largest_rows`."""

    name: str
    family: str
    complexity: int
    smallest_rows: int = 0
    largest_rows: int = 10**9
    strength: float = 1.0  # logistic: scikit-learn's C
    is_sparse: bool = False  # logistic: most columns get no coefficient at all
    leaves: int = 0
    trees: int = 0
    learning_rate: float = 0.08
    penalty: float = 5.0  # on the leaves' outputs
    fineness: int = 100  # a leaf holds at least 1/fineness of the rows
    seen: float = 0.5  # share of the columns looked at per split: decorrelates trees, halves the work


CANDIDATES = (
    Candidate("base_rate", "constant", 0),
    # Few of many columns matter: of 150 columns and 300 rows it found the three, Brier score 0.180 where shrinking all gave 0.203.
    Candidate("logistic_sparse", "linear", 1, largest_rows=10_000, strength=0.1, is_sparse=True),
    Candidate("logistic_strong", "linear", 2, strength=0.01),
    Candidate("logistic", "linear", 3, strength=0.3),
    Candidate("logistic_selective", "linear", 3, largest_rows=10_000, strength=0.5, is_sparse=True),
    # Knows when they left, not only whether; tried where that is known.
    Candidate("survival", "survival", 4, strength=0.3),
    Candidate("boosting_pairs", "trees", 5, leaves=4, trees=300),
    Candidate("boosting", "trees", 6, 500, leaves=8, trees=600),
    # For tables with sharp edges (a rule that says who leaves): held back as the others are, it was 1.3 deviations behind in Brier score.
    Candidate("boosting_large", "trees", 7, 500, leaves=24, trees=600, penalty=1.0, fineness=200, seen=0.7),
)

UNCORRECTED = {"base_rate", "survival"}  # nothing to correct; a line through log-odds is none through a log hazard
MIXTURE = Candidate("mixture", "mixture", 8)  # of the best line and the best trees; see `ml.churn.trials`


class Rows:
    """Rows to learn from, as `encoder` codes them; what several candidates need of them is made once. `months`: when they left."""

    def __init__(self, encoder: Encoder, codes: Floats, label: Floats, months: Months | None = None) -> None:
        self.encoder, self.codes, self.label, self.months = encoder, codes, label, months

    @cached_property
    def design(self) -> Floats:
        """For linear candidates."""
        return self.encoder.design(self.codes)

    @cached_property
    def most_bins(self) -> int:
        """Per column: the work of a split is columns times bins."""
        return 255 if self.codes.shape[1] <= WIDE else 63

    @cached_property
    def bins(self) -> Bins:
        """For trees."""
        from ml.additive.boosting import Bins

        return Bins.of(self.codes, self.most_bins)


def fit(candidate: Candidate, rows: Rows, trees: int, seed: int) -> Scorer:
    """The fitted scorer; `trees` only matters for boosting. Survival needs the months in which they left."""
    if candidate.family == "constant" or not rows.encoder.columns:
        return ConstantScorer(base_log_odds(rows.label))
    if candidate.family == "survival" and rows.months is not None:
        return fit_survival(rows.design, rows.months, candidate.strength)
    if candidate.family == "linear":
        return _fit_linear(candidate, rows, seed)
    sample = rows.codes[:200]
    with quiet_threads(rows.label.size):
        booster = _booster(candidate, rows, seed).grown_to(trees, rows.codes, rows.label)
        return plain_trees(booster, sample, booster.decision_function(sample))


def named(name: str) -> Candidate:
    """The candidate called `name`."""
    return next(one for one in (*CANDIDATES, MIXTURE) if one.name == name)


def staged_scores(candidate: Candidate, rows: Rows, unseen: Floats, seed: int) -> Iterator[list[tuple[int, Floats]]]:
    """Fit on some rows and score others: lists of (trees, log-odds), one look per STEP trees; without boosting once, with 0 trees.

    Trees grow as far as the caller goes on asking: few tables need all of them.
    """
    if candidate.family != "trees" or not rows.encoder.columns:
        scorer = fit(candidate, rows, 0, seed)
        found = scorer.score(rows.encoder, unseen)
        yield [(0, log_odds(found) if isinstance(scorer, SurvivalScorer) else found)]
        return
    booster, scores = _booster(candidate, rows, seed), None
    for grown in range(CHUNK, candidate.trees + 1, CHUNK):
        with quiet_threads(rows.label.size):
            stages = booster.grown_to(grown, rows.codes, rows.label).stages(unseen, scores, grown - CHUNK)
        scores = stages[-1]
        yield [(grown - CHUNK + count, stage) for count, stage in enumerate(stages, start=1) if count % STEP == 0]


def base_log_odds(label: Floats) -> float:
    """Log-odds of the share of ones, held away from 0 and 1 by half a customer."""
    share = (label.sum() + 0.5) / (label.size + 1)
    return float(np.log(share) - np.log1p(-share))


def _fit_linear(candidate: Candidate, rows: Rows, seed: int) -> LinearScorer:
    from sklearn.linear_model import LogisticRegression

    # liblinear shrinks the intercept too; the scaling makes that negligible
    sparse = {"l1_ratio": 1.0, "solver": "liblinear", "intercept_scaling": 10.0, "random_state": seed} if candidate.is_sparse else {}
    with quiet_threads(rows.label.size):
        model = LogisticRegression(C=candidate.strength, max_iter=500, **sparse).fit(rows.design, rows.label)
    return LinearScorer(float(model.intercept_[0]), model.coef_[0].astype(np.float64))


def _booster(candidate: Candidate, rows: Rows, seed: int) -> Classifier:
    from ml.additive.boosting import Classifier

    booster = Classifier(
        learning_rate=candidate.learning_rate,
        max_leaf_nodes=candidate.leaves,
        min_samples_leaf=int(np.clip(rows.label.size // candidate.fineness, 1000 // candidate.fineness, 100)),
        l2_regularization=candidate.penalty,
        max_features=candidate.seen,
        max_bins=rows.most_bins,
        early_stopping=False,
        random_state=seed,
    )
    return booster.on(rows.bins)
