"""Columns as ranks: how a customer stands among the customers of the log, column by column.

Comes in: `codes` of `ml.encoding.Encoder`. Goes out: two columns per column of it: the rank, of mean 0 and spread 1 over the log
(0 where the value is missing), and whether it is missing, less the share of those. Ranks, because an effect that grows with use
grows with its order of magnitude: on the example company they found nine tenths of what can be found, the values four fifths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.additive.scorers import CHUNK, Floats
from ml.encoding import Encoder

_KNOTS = 200


@dataclass(frozen=True)
class Ranks:
    """Per column: `knots` (columns × 200 quantiles, ascending), mean and spread of the ranks, and the share that is missing."""

    knots: Floats
    mean: Floats
    spread: Floats
    missing: Floats

    @staticmethod
    def fit(codes: Floats) -> Ranks:
        """Learn from the rows of the log; no column may be missing everywhere (an Encoder keeps none such)."""
        columns = codes.shape[1]
        knots, mean, spread = np.zeros((columns, _KNOTS)), np.zeros(columns), np.ones(columns)
        for position in range(columns):
            present = codes[~np.isnan(codes[:, position]), position]
            knots[position] = np.quantile(present, np.linspace(0, 1, _KNOTS), method="nearest")
            ranks = _ranks(knots[position], present)
            mean[position], spread[position] = ranks.mean(), ranks.std() or 1.0
        return Ranks(knots, mean, spread, np.isnan(codes).mean(axis=0))

    def design(self, codes: Floats) -> Floats:
        """Rows × (columns of ranks, then as many of what is missing)."""
        gone = np.isnan(codes)
        ranks = np.empty_like(codes)
        for position in range(codes.shape[1]):
            found = (_ranks(self.knots[position], codes[:, position]) - self.mean[position]) / self.spread[position]
            ranks[:, position] = np.where(gone[:, position], 0.0, found)
        return np.hstack([ranks, np.where(self.missing > 0, gone - self.missing, 0.0)])

    def scores(self, codes: Floats, coefficients: Floats) -> Floats:
        """Rows × models: what `design` times `coefficients` (its columns × models) comes to, without making it; summed column by column."""
        scores = np.zeros((len(codes), coefficients.shape[1]))
        columns = [self._column(position, coefficients) for position in range(codes.shape[1])]
        for begin in range(0, len(codes), CHUNK):
            for position, column in enumerate(columns):
                scores[begin : begin + CHUNK] += column.of(codes[begin : begin + CHUNK, position])
        return scores

    def parts(self, codes: Floats, coefficients: Floats) -> Floats:
        """Rows × columns: what each column adds to the score of one model."""
        return np.column_stack([self._column(position, coefficients[:, None]).of(values)[:, 0] for position, values in enumerate(codes.T)])

    def _column(self, position: int, coefficients: Floats) -> _Column:
        knots, places = np.unique(self.knots[position], return_inverse=True)
        below = np.append(0, np.cumsum(np.bincount(places)))
        ranks = np.append(np.column_stack([2 * below[:-1], below[:-1] + below[1:]]).ravel(), 2 * below[-1]) / (2 * _KNOTS)
        rank = np.append((ranks - self.mean[position]) / self.spread[position], 0.0)
        gone = np.append(np.zeros(ranks.size), 1.0) - self.missing[position] if self.missing[position] > 0 else np.zeros(rank.size)
        of_rank, of_gone = coefficients[position], coefficients[self.mean.size + position]
        return _Column(knots, rank[:, None] * of_rank + gone[:, None] * of_gone)


class _Column(NamedTuple):
    """What a column adds where a value lies below, on and above each of its knots (ascending), and last where there is none: × models."""

    knots: Floats
    adds: Floats

    def of(self, values: Floats) -> Floats:
        """Values × models."""
        place = np.searchsorted(self.knots, values)
        is_on = self.knots[np.minimum(place, self.knots.size - 1)] == values
        return self.adds[np.where(np.isnan(values), len(self.adds) - 1, 2 * place + is_on)]


def _ranks(knots: Floats, values: Floats) -> Floats:
    """Middle of the knots that equal a value, as a share of all."""
    return (np.searchsorted(knots, values, "left") + np.searchsorted(knots, values, "right")) / (2 * len(knots))


@dataclass(frozen=True)
class RankedScorer:
    """A linear model of ranks: base + Σ coefficient · column of `Ranks.design`."""

    base: float
    ranks: Ranks
    coefficients: Floats

    def score(self, encoder: Encoder, codes: Floats) -> Floats:
        """Score per row, as the sum of the parts, one after another: a row alone scores as it does in a batch."""
        return self.base + self.ranks.scores(codes, self.coefficients[:, None])[:, 0]

    def parts(self, encoder: Encoder, codes: Floats) -> Floats:
        """What each column adds, by its rank and by being missing."""
        return self.ranks.parts(codes, self.coefficients)

    def arrays(self) -> dict[str, NDArray]:
        """What `restore` needs."""
        return {"base": np.array(self.base), "coefficients": self.coefficients, **vars(self.ranks)}
