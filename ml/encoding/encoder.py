"""What training learns about each column, and the two matrices made from it.

Comes in: `Parsed` columns and, in training, the label. Goes out: `Encoder`:
- `codes`: one float per column (numbers and dates as they are; a category as its rank by the label's rate; NaN = missing),
  which trees split on;
- `design`: centred and scaled columns for linear models, a category as one column per level.
Nothing here depends on the other rows of a batch: a row scored alone equals the same row in a batch.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.encoding.kinds import CATEGORY
from ml.encoding.parsed import Parsed, parse

Floats = NDArray[np.float64]
_MOST_LEVELS, _FEWEST_LEVELS = 250, 60  # told apart per column; fewer in long tables, whose design must fit into memory
_DESIGN_CELLS = 30_000_000
_OTHER = "(other)"


@dataclass(frozen=True)
class Column:
    """One column as training saw it. `levels` are ordered by the label's rate; `typical` is the median or most common level."""

    name: str
    kind: str
    levels: tuple[str, ...]
    low: float
    high: float
    centre: float
    scale: float
    missing_share: float
    level_shares: tuple[float, ...]
    typical: str

    @property
    def width(self) -> int:
        """Columns it takes in the design: one per level or one, and one more where values were missing."""
        return (len(self.levels) if self.kind == CATEGORY else int(self.scale > 0)) + int(self.missing_share > 0)


@dataclass(frozen=True)
class Encoder:
    """The columns a model uses, in its order. Columns that say nothing (constant, empty) are not among them."""

    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Column names in the order of the matrices."""
        return [column.name for column in self.columns]

    def read(self, features: pd.DataFrame) -> Floats:
        """`codes` of a raw frame, its columns in any order. Raises ValueError naming the columns that are missing."""
        return self.codes(parse(features, {column.name: column.kind for column in self.columns}))

    def codes(self, parsed: Parsed) -> Floats:
        """Rows × columns, column-contiguous; a category level never seen in training counts as other, else as missing."""
        matrix = np.empty((parsed.rows, len(self.columns)), order="F")
        for position, column in enumerate(self.columns):
            values = parsed.values[column.name]
            matrix[:, position] = _ranks(column, parsed.texts[column.name])[values] if column.kind == CATEGORY else values
        return matrix

    def design(self, codes: Floats) -> Floats:
        """Rows × design columns, each of mean 0 over the training rows."""
        blocks = [_block(column, codes[:, position]) for position, column in enumerate(self.columns)]
        return np.hstack(blocks) if blocks else np.zeros((len(codes), 0))

    def groups(self) -> NDArray[np.int64]:
        """For each design column the position of the column it came from."""
        return np.repeat(np.arange(len(self.columns)), [column.width for column in self.columns])

    def to_json(self) -> list[dict[str, Any]]:
        """Plain values that `from_json` reads back."""
        return [asdict(column) for column in self.columns]

    @staticmethod
    def from_json(columns: list[dict[str, Any]]) -> Encoder:
        """The encoder that `to_json` wrote."""
        pairs = ({**column, "levels": tuple(column["levels"]), "level_shares": tuple(column["level_shares"])} for column in columns)
        return Encoder(tuple(Column(**pair) for pair in pairs))

    @staticmethod
    def fit(parsed: Parsed, label: Floats) -> Encoder:
        """Learn levels, centres and scales from training rows."""
        learnt = (
            _category(name, parsed.texts[name], values, label)
            if parsed.kinds[name] == CATEGORY
            else _number(name, parsed.kinds[name], values)
            for name, values in parsed.values.items()
        )
        return Encoder(tuple(column for column in learnt if column.width > 0))


def _number(name: str, kind: str, values: NDArray[Any]) -> Column:
    present = values[np.isfinite(values)]
    missing = 1 - present.size / max(values.size, 1)
    if present.size == 0:
        return Column(name, kind, (), 0, 0, 0, 0, 0, (), "")
    low, middle, high = (float(value) for value in np.quantile(present, [0.001, 0.5, 0.999]))
    clipped = np.clip(present, low, high)
    spread = float(clipped.std())
    scale = spread if spread > 1e-12 * max(1.0, abs(middle)) else 0.0
    return Column(name, kind, (), low, high, float(clipped.mean()), scale, missing, (), repr(middle))


def _category(name: str, texts: list[str], values: NDArray[Any], label: Floats) -> Column:
    counts = np.bincount(values[values >= 0], minlength=len(texts))
    rates = np.bincount(values[values >= 0], weights=label[values >= 0], minlength=len(texts))
    enough = 5 if values.size < 20_000 else 10
    most = int(np.clip(_DESIGN_CELLS // max(values.size, 1), _FEWEST_LEVELS, _MOST_LEVELS))
    frequent = [int(level) for level in np.argsort(-counts, kind="stable")[:most] if counts[level] >= enough]
    rare = np.setdiff1d(np.flatnonzero(counts), frequent)
    sizes = {texts[level]: (counts[level], rates[level]) for level in frequent}
    if rare.size:
        sizes[_OTHER] = (counts[rare].sum(), rates[rare].sum())
    missing = float((values < 0).mean()) if values.size else 0.0
    if not sizes or (len(sizes) < 2 and missing == 0):  # nothing known of anybody, or the same of everybody
        return Column(name, CATEGORY, (), 0, 0, 0, 0, 0, (), "")
    base = float(label.mean())
    ordered = sorted(sizes, key=lambda level: ((sizes[level][1] + 10 * base) / (sizes[level][0] + 10), level))
    shares = tuple(float(sizes[level][0]) / values.size for level in ordered)
    typical = max(ordered, key=lambda level: sizes[level][0]) if ordered else ""
    return Column(name, CATEGORY, tuple(ordered), 0, 0, 0, 1, missing, shares, typical)


def _ranks(column: Column, texts: list[str]) -> Floats:
    """Rank of every text of a batch; one more entry at the end for position -1, missing."""
    ranks = {level: float(rank) for rank, level in enumerate(column.levels)}
    otherwise = ranks.get(_OTHER, np.nan)
    return np.array([*(ranks.get(text, otherwise) for text in texts), np.nan])


def _block(column: Column, codes: Floats) -> Floats:
    missing = np.isnan(codes)
    if column.kind == CATEGORY:
        filled = (codes[:, None] == np.arange(len(column.levels))).astype(float) - np.asarray(column.level_shares)
        filled[missing & (column.missing_share == 0)] = 0.0  # unseen level: nothing is known, so the average counts
    elif column.scale > 0:
        filled = np.where(missing, 0.0, (np.clip(codes, column.low, column.high) - column.centre) / column.scale)[:, None]
    else:
        filled = np.empty((len(codes), 0))
    if column.missing_share == 0:
        return filled
    return np.hstack([filled, (missing - column.missing_share)[:, None]])
