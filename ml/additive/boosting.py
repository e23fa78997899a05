"""scikit-learn's boosting on values that were put into bins once: for all trees, folds and candidates that learn from one table.

Comes in: codes, and the `Bins` of the same rows. Goes out: fitted boosters, for `plain_trees`; of a classifier also the log-odds of other
rows after each tree. As it comes, every fit sorts every column anew, and one that is grown on (`warm_start`) predicts by all its trees
before it grows the next: a third of the time on tables of customers, and half of it for the small trees of effects.

What it leans on is not public (`BaseHistGradientBoosting`, `_BinMapper`, `_bin_data`, `_raw_predict`, `_predict_iterations`); the tests
compare it with the public way digit by digit, so that another version of scikit-learn cannot change a score unseen
(docs/decisions/0057-boosting-stands-on-parts-of-scikit-learn-that-are-not-public.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.ensemble._hist_gradient_boosting.binning import _BinMapper
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting

from ml.additive.scorers import Floats


@dataclass(frozen=True)
class Bins:
    """In which bin each code lies, and where bins end. Boosters that learn from these rows need `max_bins` of `most`."""

    mapper: Any
    codes: NDArray[np.uint8]

    @staticmethod
    def of(codes: Floats, most: int) -> Bins:
        """At most `most` bins per column, of as many rows each, and one for what is missing."""
        mapper = _BinMapper(n_bins=most + 1, random_state=0, n_threads=1)
        return Bins(mapper, mapper.fit_transform(codes))

    def take(self, rows: NDArray[np.int64]) -> Bins:
        """The rows at `rows`, in the bins of all."""
        return Bins(self.mapper, np.asfortranarray(self.codes[rows]))


class _OnBins(BaseHistGradientBoosting):
    """What a booster does otherwise than scikit-learn's."""

    bins: Bins
    _sums: Floats | None

    def on(self, bins: Bins) -> Any:
        """This one, to learn from the rows of `bins`."""
        self.bins, self._sums = bins, None
        return self

    def _bin_data(self, codes: Floats, sample_weight: Floats | None, is_training_data: bool) -> NDArray[np.uint8]:
        self._bin_mapper = self.bins.mapper
        return self.bins.codes

    def _raw_predict(self, codes: Any, n_threads: int | None = None) -> Floats:
        """While it is grown on: what all trees until now say of the rows it learns from. The caller adds each new tree to it in place."""
        if not getattr(self, "_in_fit", False):
            return super()._raw_predict(codes, n_threads)
        if self._sums is None:
            self._sums = super()._raw_predict(codes, n_threads)
        return self._sums


class Regressor(_OnBins, HistGradientBoostingRegressor):
    """Boosted regression trees on bins."""


class Classifier(_OnBins, HistGradientBoostingClassifier):
    """Boosted classification trees on bins, which can be grown on."""

    def grown_to(self, trees: int, codes: Floats, label: Floats) -> Classifier:
        """The same with so many trees."""
        self.set_params(max_iter=trees, warm_start=True).fit(codes, label)
        return self

    def stages(self, unseen: Floats, scores: Floats | None, after: int) -> list[Floats]:
        """Log-odds of `unseen` after each tree beyond `after` of them, which said `scores` (None: there were none)."""
        total = np.full((len(unseen), 1), self._baseline_prediction[0, 0]) if scores is None else scores[:, None].copy()
        told = []
        for trees in self._predictors[after:]:
            self._predict_iterations(unseen, [trees], total, is_binned=False, n_threads=1)
            told.append(total[:, 0].copy())
        return told
