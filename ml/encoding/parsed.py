"""A frame read once: every usable column as an array, before anything is learnt from it.

Comes in: a raw frame (and, when scoring, the kinds learnt in training). Goes out: `Parsed`.
Folds of a cross-validation take rows of it, so that reading texts and dates is paid for once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.encoding.kinds import CATEGORY, DATE, kind_of, read_dates, read_numbers, read_texts


@dataclass(frozen=True)
class Parsed:
    """Columns by name: floats for numbers and dates; for categories positions in `texts[name]` (-1 = missing)."""

    values: dict[str, NDArray[np.float64] | NDArray[np.int64]]
    kinds: dict[str, str]
    texts: dict[str, list[str]]
    left_out: dict[str, str]
    rows: int

    def take(self, index: NDArray[np.int64]) -> Parsed:
        """The rows at `index`."""
        return Parsed({name: values[index] for name, values in self.values.items()}, self.kinds, self.texts, self.left_out, len(index))

    def without(self, names: set[str], reason: str) -> Parsed:
        """The same rows without the columns `names`."""
        kept = {name: values for name, values in self.values.items() if name not in names}
        return Parsed(kept, self.kinds, self.texts, {**self.left_out, **dict.fromkeys(sorted(names), reason)}, self.rows)


def parse(features: pd.DataFrame, kinds: Mapping[str, str] | None = None) -> Parsed:
    """Read `features`: the columns in `kinds` as what they were in training, else every column as what it looks like.

    Raises TypeError for what is no frame, ValueError for a column that is missing or named twice.
    """
    require_frame(features)
    _require_columns(features, kinds)
    found = {str(name): kind_of(features[name]) for name in features.columns} if kinds is None else dict(kinds)
    left_out = {name: "no model can read it (an identifier, prose, or nested values)" for name, kind in found.items() if kind is None}
    used = {name: kind for name, kind in found.items() if kind is not None}
    by_text = {str(name): name for name in features.columns}
    values: dict[str, NDArray[np.float64] | NDArray[np.int64]] = {}
    texts: dict[str, list[str]] = {}
    for name, kind in used.items():
        column = features[by_text[name]]
        if kind == CATEGORY:
            values[name], texts[name] = read_texts(column)
        else:
            values[name] = read_dates(column) if kind == DATE else read_numbers(column)
    return Parsed(values, used, texts, left_out, len(features))


def require_frame(features: pd.DataFrame) -> None:
    """Raises TypeError for what is no frame: an array has no columns that could be told apart tonight."""
    if not isinstance(features, pd.DataFrame):
        raise TypeError(f"features: needs a pandas DataFrame, one row per customer, not {type(features).__name__}")


def _require_columns(features: pd.DataFrame, kinds: Mapping[str, str] | None) -> None:
    names = [str(name) for name in features.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"features: two columns are called {twice[0]!r}; names must differ")
    missing = sorted(set(kinds or ()) - set(names))
    if missing:
        raise ValueError(f"features: missing column(s) {', '.join(missing)}; the model was trained with them")
