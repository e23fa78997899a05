"""The candidates, simplest first: base rate, logistic regression in four ways, survival by months, boosting of three sizes, a mixture.

Comes in: codes, label. Goes out: fitted scorers; for boosting also the scores after every tenth tree, so that one
cross-validation chooses the number of trees too.

Settings are for the size of the table: default boosting is over-fitted and badly calibrated on a few thousand rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.additive import ConstantScorer, Floats, LinearScorer, Scorer, SurvivalScorer, plain_trees
from ml.additive.survival import log_odds
from ml.churn.survival import Months, fit_survival
from ml.encoding import Encoder
from ml.threads import quiet_threads

STEP, CHUNK = 10, 50  # trees between two looks at the score; trees grown at a time
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


def fit(
    candidate: Candidate, encoder: Encoder, codes: Floats, label: Floats, trees: int, seed: int, months: Months | None = None
) -> Scorer:
    """The fitted scorer; `trees` only matters for boosting, `months` (when they left) for survival, which needs them."""
    if candidate.family == "constant" or not encoder.columns:
        return ConstantScorer(base_log_odds(label))
    if candidate.family == "survival" and months is not None:
        return fit_survival(encoder.design(codes), months, candidate.strength)
    if candidate.family == "linear":
        return _fit_linear(candidate, encoder, codes, label, seed)
    booster = _boosted(candidate, codes, label, trees, seed)
    return plain_trees(booster, codes[:200], booster.decision_function(codes[:200]))


def named(name: str) -> Candidate:
    """The candidate called `name`."""
    return next(one for one in (*CANDIDATES, MIXTURE) if one.name == name)


def staged_scores(
    candidate: Candidate, encoder: Encoder, codes: Floats, label: Floats, unseen: Floats, seed: int, months: Months | None = None
) -> Iterator[list[tuple[int, Floats]]]:
    """Fit on one part and score another: lists of (trees, log-odds), one look per STEP trees; without boosting once, with 0 trees.

    Trees grow as far as the caller goes on asking: few tables need all of them.
    """
    if candidate.family != "trees" or not encoder.columns:
        scorer = fit(candidate, encoder, codes, label, 0, seed, months)
        scores = scorer.score(encoder, unseen)
        yield [(0, log_odds(scores) if isinstance(scorer, SurvivalScorer) else scores)]
        return
    booster = _booster(candidate, label.size, codes.shape[1], seed)
    for grown in range(CHUNK, candidate.trees + 1, CHUNK):
        with quiet_threads(label.size):
            booster.set_params(max_iter=grown, warm_start=True).fit(codes, label)
            stages = enumerate(booster.staged_decision_function(unseen), start=1)
            yield [(count, np.asarray(scores).ravel()) for count, scores in stages if count > grown - CHUNK and count % STEP == 0]


def base_log_odds(label: Floats) -> float:
    """Log-odds of the share of ones, held away from 0 and 1 by half a customer."""
    share = (label.sum() + 0.5) / (label.size + 1)
    return float(np.log(share) - np.log1p(-share))


def _fit_linear(candidate: Candidate, encoder: Encoder, codes: Floats, label: Floats, seed: int) -> LinearScorer:
    from sklearn.linear_model import LogisticRegression

    # liblinear shrinks the intercept too; the scaling makes that negligible
    sparse = {"l1_ratio": 1.0, "solver": "liblinear", "intercept_scaling": 10.0, "random_state": seed} if candidate.is_sparse else {}
    with quiet_threads(label.size):
        model = LogisticRegression(C=candidate.strength, max_iter=500, **sparse).fit(encoder.design(codes), label)
    return LinearScorer(float(model.intercept_[0]), model.coef_[0].astype(np.float64))


def _boosted(candidate: Candidate, codes: Floats, label: Floats, trees: int, seed: int) -> Any:
    with quiet_threads(label.size):
        return _booster(candidate, label.size, codes.shape[1], seed).set_params(max_iter=trees).fit(codes, label)


def _booster(candidate: Candidate, rows: int, columns: int, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        learning_rate=candidate.learning_rate,
        max_leaf_nodes=candidate.leaves,
        min_samples_leaf=int(np.clip(rows // candidate.fineness, 1000 // candidate.fineness, 100)),
        l2_regularization=candidate.penalty,
        max_features=candidate.seen,
        max_bins=255 if columns <= WIDE else 63,  # the work of a split is columns times bins
        early_stopping=False,
        random_state=seed,
    )
