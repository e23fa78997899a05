"""Fitted scorers as plain arrays: what scores is what explains, and what is saved, without any pickled object.

Comes in: `codes` of `ml.encoding.Encoder`. Goes out: scores (log-odds of a classifier, expectations of a regression), and the
part of each column in them: base + sum of parts = score, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ml.encoding import Encoder

Floats = NDArray[np.float64]
CHUNK = 16_384  # rows at a time: a column of them fits the processor's cache


class Scorer(Protocol):
    """Scores with exact parts."""

    @property
    def base(self) -> float:
        """The score before any column adds its part."""

    def score(self, encoder: Encoder, codes: Floats) -> Floats:
        """Score per row."""

    def parts(self, encoder: Encoder, codes: Floats) -> Floats:
        """Rows × columns of `encoder`: what each column adds to `base`."""

    def arrays(self) -> dict[str, NDArray]:
        """What `restore` needs."""


@dataclass(frozen=True)
class ConstantScorer:
    """The same score for everyone."""

    base: float

    def score(self, encoder: Encoder, codes: Floats) -> Floats:
        """The base for every row."""
        return np.full(len(codes), self.base)

    def parts(self, encoder: Encoder, codes: Floats) -> Floats:
        """Nothing adds anything."""
        return np.zeros((len(codes), len(encoder.columns)))

    def arrays(self) -> dict[str, NDArray]:
        """Just the base."""
        return {"base": np.array(self.base)}


@dataclass(frozen=True)
class LinearScorer:
    """A linear model. The part of a column = Σ coefficient · (value − training mean) over its design columns."""

    base: float
    coefficients: Floats

    def score(self, encoder: Encoder, codes: Floats) -> Floats:
        """Score per row, as the sum of the parts: no matrix product whose rounding depends on the batch."""
        return self.base + self.parts(encoder, codes).sum(axis=1)

    def parts(self, encoder: Encoder, codes: Floats) -> Floats:
        """What each column adds."""
        starts = np.append(0, np.cumsum([column.width for column in encoder.columns]))
        result = np.empty((len(codes), len(encoder.columns)))
        for begin in range(0, len(codes), CHUNK):
            weighted = encoder.design(codes[begin : begin + CHUNK]) * self.coefficients
            for position in range(len(encoder.columns)):
                result[begin : begin + CHUNK, position] = weighted[:, starts[position] : starts[position + 1]].sum(axis=1)
        return result

    def arrays(self) -> dict[str, NDArray]:
        """Base and coefficients."""
        return {"base": np.array(self.base), "coefficients": self.coefficients}


@dataclass(frozen=True)
class TreeScorer:
    """Boosted trees. Nodes of all trees in one table; a tree starts at each entry of `roots`.

    The part of a column = Σ over the trees, along the row's path, of the change in expected value at every split on that
    column (Saabas 2014). Expected values weigh the leaves below a node by their training rows.
    """

    base: float
    roots: NDArray[np.int64]
    feature: NDArray[np.int64]  # −1 at a leaf
    threshold: Floats
    missing_left: NDArray[np.bool_]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: Floats  # expected value of the rows that reach the node; at a leaf, its output

    def score(self, encoder: Encoder, codes: Floats) -> Floats:
        """Score per row."""
        result = np.empty(len(codes))
        for begin in range(0, len(codes), CHUNK):
            chunk = np.asfortranarray(codes[begin : begin + CHUNK])
            total = np.full(len(chunk), self.base_of_trees)
            for root in self.roots:
                total += self._output(int(root), chunk)
            result[begin : begin + CHUNK] = total
        return result

    def parts(self, encoder: Encoder, codes: Floats) -> Floats:
        """What each column adds, in path order of every tree."""
        result = np.zeros((len(codes), len(encoder.columns)), order="F")
        for begin in range(0, len(codes), CHUNK):
            chunk = np.asfortranarray(codes[begin : begin + CHUNK])
            everyone = np.ones(len(chunk), dtype=bool)
            for root in self.roots:
                self._add_parts(int(root), chunk, everyone, result[begin : begin + CHUNK])
        return result

    def arrays(self) -> dict[str, NDArray]:
        """The node table."""
        return {name: np.asarray(values) for name, values in vars(self).items()}

    @property
    def base_of_trees(self) -> float:
        """`base` without the roots' expected values, which the leaves already contain."""
        return self.base - float(self.value[self.roots].sum())

    def _goes_left(self, node: int, codes: Floats) -> NDArray[np.bool_]:
        column = codes[:, self.feature[node]]
        return ~(column > self.threshold[node]) if self.missing_left[node] else column <= self.threshold[node]

    def _output(self, node: int, codes: Floats) -> Floats | np.float64:
        if self.feature[node] < 0:
            return self.value[node]
        return np.where(self._goes_left(node, codes), self._output(int(self.left[node]), codes), self._output(int(self.right[node]), codes))

    def _add_parts(self, node: int, codes: Floats, here: NDArray[np.bool_], result: Floats) -> None:
        if self.feature[node] < 0:
            return
        goes_left = self._goes_left(node, codes)
        for child, there in ((int(self.left[node]), here & goes_left), (int(self.right[node]), here & ~goes_left)):
            result[:, self.feature[node]] += there * (self.value[child] - self.value[node])
            self._add_parts(child, codes, there, result)
