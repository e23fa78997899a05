"""What to expect of a customer under each action: the outcome model behind doubly-robust estimates.

Comes in: features (or none), the action taken, the outcome. Goes out: expected outcome per row and action.
One model of the outcome for everyone plus a shift per action. It only has to lower the noise: with known propensities
the estimates built on it are unbiased even where it is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.additive import ConstantScorer, Floats, LinearScorer, Scorer, plain_trees
from ml.encoding import Encoder, Parsed, parse
from ml.threads import alone, quiet_threads

if TYPE_CHECKING:  # scikit-learn is read when something is learnt
    from ml.additive.boosting import Bins

Split = tuple[NDArray[np.int64], NDArray[np.int64]]
FOLDS, FOLDS_OF_MANY, MANY = 5, 2, 20_000  # of so many rows half of them teach as much as four fifths, at a quarter of the cost
MANY_EACH = 5_000  # of each action, too: 30,000 decisions among twelve are few of each, and half of them taught half of it
_FEWEST = 20  # rows; below it their mean says as much
TREES_FROM = 1500  # rows; below it a ridge regression is the steadier model


class Trees(NamedTuple):
    """Size of a boosted regression; a leaf holds at least 1/`fineness` of the rows."""

    number: int
    leaves: int
    fineness: int


OUTCOME_TREES = Trees(60, 6, 25)
COARSE = 32  # bins of a column for trees of effects, which are faint


@dataclass(frozen=True)
class OutcomeModel:
    """Expected outcome = scorer + shift of the action."""

    encoder: Encoder
    scorer: Scorer
    shifts: Floats

    def predict(self, parsed: Parsed) -> Floats:
        """Rows × actions."""
        return self.of_codes(self.encoder.codes(parsed))

    def of_codes(self, codes: Floats) -> Floats:
        """Rows × actions, of codes that `encoder` made."""
        return self.scorer.score(self.encoder, codes)[:, None] + self.shifts


def fit_outcomes(parsed: Parsed, taken: NDArray[np.int64], outcome: Floats, actions: int, seed: int) -> OutcomeModel:
    """Fit on rows whose action is `taken` (position among `actions`)."""
    encoder = Encoder.fit(parsed, outcome)
    codes = encoder.codes(parsed)
    scorer = regress(encoder, codes, outcome, seed, OUTCOME_TREES if outcome.size >= TREES_FROM else None)
    residual = outcome - scorer.score(encoder, codes)
    counts = np.bincount(taken, minlength=actions)
    return OutcomeModel(encoder, scorer, np.bincount(taken, weights=residual, minlength=actions) / (counts + 10))


@alone
def cross_fitted(parsed: Parsed, taken: NDArray[np.int64], outcome: Floats, actions: int, seed: int) -> Floats:
    """Rows × actions: each row is judged by a model that has not seen it."""
    result = np.empty((outcome.size, actions))
    for inside, outside in fold_rows(outcome.size, seed):
        model = fit_outcomes(parsed.take(inside), taken[inside], outcome[inside], actions, seed)
        result[outside] = model.predict(parsed.take(outside))
    return result


def expected_outcomes(features: pd.DataFrame | None, taken: NDArray[np.int64], outcome: Floats, actions: int, seed: int) -> Floats:
    """Rows × actions, cross-fitted; without `features` from the actions' means alone. Raises ValueError where those are fewer or more."""
    if features is not None and len(features) != outcome.size:
        raise ValueError("features: needs one row per logged decision")
    parsed = Parsed({}, {}, {}, {}, outcome.size) if features is None else parse(features)
    return cross_fitted(parsed, taken, outcome, actions, seed)


def fold_rows(rows: int, seed: int, actions: int = 1) -> Iterator[Split]:
    """(other rows, rows of the fold) for each of FOLDS random folds; of FOLDS_OF_MANY where there are MANY rows, MANY_EACH per action."""
    folds = FOLDS if rows < max(MANY, MANY_EACH * actions) else FOLDS_OF_MANY
    fold = np.random.default_rng(seed).permutation(rows) % folds
    for number in range(min(folds, rows)):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)


def regress(encoder: Encoder, codes: Floats, target: Floats, seed: int, trees: Trees | None) -> Scorer:
    """A strongly regularised regression of `target`: a few shallow `trees`, or without them ridge, its penalty chosen by leave-one-out."""
    if trees is not None and encoder.columns:
        return grown(codes, target, seed, trees)
    if not encoder.columns or target.size < _FEWEST:
        return ConstantScorer(float(target.mean()) if target.size else 0.0)
    with quiet_threads(target.size):
        return _ridge(encoder.design(codes), target)


def grown(codes: Floats, target: Floats, seed: int, trees: Trees, weight: Floats | None = None, bins: Bins | None = None) -> Scorer:
    """A few shallow trees. `bins`: of these rows, COARSE of them per column, where they were made for more trees than these.

    scikit-learn finds the bins of weighted rows in a loop of Python: that took nine tenths of the time.
    """
    if not codes.shape[1] or target.size < _FEWEST:
        return ConstantScorer(float(np.average(target, weights=weight)) if target.size else 0.0)
    from ml.additive.boosting import Bins, Regressor

    told = _without_silent_columns(codes)
    model = Regressor(
        learning_rate=0.08,
        max_iter=trees.number,
        max_leaf_nodes=trees.leaves,
        min_samples_leaf=max(30, target.size // trees.fineness),
        l2_regularization=10.0,
        max_bins=COARSE if bins else 255,
        early_stopping=False,
        random_state=seed,
    )
    with quiet_threads(target.size):
        model.on(bins or Bins.of(told, 255)).fit(told, target, sample_weight=weight)
        return plain_trees(model, told[:200], model.predict(told[:200]))


def _without_silent_columns(codes: Floats) -> Floats:
    """Columns that no row says anything of are all 0: a fold of a small log has such, and scikit-learn fails on them."""
    silent = np.isnan(codes).all(axis=0)
    return np.where(silent, 0.0, codes) if silent.any() else codes


def _ridge(design: Floats, target: Floats) -> Scorer:
    from sklearn.linear_model import RidgeCV

    model = RidgeCV(alphas=np.logspace(0, 5, 11)).fit(design, target)
    return LinearScorer(float(model.intercept_), model.coef_)


def doubly_robust(expected: Floats, taken: NDArray[np.int64], propensity: Floats, outcome: Floats) -> Floats:
    """Rows × actions: expected outcome, corrected where the action was taken by residual ÷ propensity (Robins & Rotnitzky 1995)."""
    rows = np.arange(outcome.size)
    scores = expected.copy()
    scores[rows, taken] += (outcome - expected[rows, taken]) / propensity
    return scores
