"""How far tonight's customers are from those a model was trained on: the population stability index per column.

Comes in: two raw frames with the same columns. Goes out: one row per column: `column`, `psi`, `drift` (none, some, strong).
PSI = Σ (share now − share then) · ln(share now / share then) over ten quantile bins of then (texts: its levels; missing is
a bin of its own). The usual reading: below 0.1 none, to 0.25 some, above strong.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.encoding import Parsed, parse
from ml.encoding.kinds import CATEGORY

_BINS = 10


def psi(reference: pd.DataFrame, current: pd.DataFrame) -> pd.DataFrame:
    """One row per usable column of `reference`, most drifted first. Raises ValueError naming columns missing in `current`."""
    then = parse(reference)
    return psi_of(then, parse(current, then.kinds))


def psi_of(then: Parsed, now: Parsed) -> pd.DataFrame:
    """`psi` of frames that were read already; `now` has the columns of `then`."""
    rows = [(name, _column_psi(then, now, name)) for name in then.values]
    frame = pd.DataFrame(rows, columns=["column", "psi"]).sort_values(["psi", "column"], ascending=[False, True], ignore_index=True)
    frame["drift"] = pd.cut(frame["psi"], [-np.inf, 0.1, 0.25, np.inf], labels=["none", "some", "strong"], right=False).astype(str)
    return frame


def psi_between(then: NDArray, now: NDArray) -> float:
    """The index of one column of numbers; NaN where either has no rows."""
    present = then[np.isfinite(then)]
    edges = np.unique(np.quantile(present, np.linspace(0, 1, _BINS + 1)[1:-1])) if present.size else np.empty(0)
    return _index(_bin_counts(then, edges), _bin_counts(now, edges))


def _column_psi(then: Parsed, now: Parsed, name: str) -> float:
    if then.kinds[name] == CATEGORY:
        return _index(*_level_counts(then.values[name], then.texts[name], now.values[name], now.texts[name]))
    return psi_between(then.values[name], now.values[name])


def _bin_counts(values: NDArray, edges: NDArray) -> NDArray[np.float64]:
    bins = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))
    return np.bincount(bins, minlength=len(edges) + 2).astype(float)


def _level_counts(
    then: NDArray, then_texts: list[str], now: NDArray, now_texts: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Counts per level of either side; the last entry is missing."""
    positions = {text: position for position, text in enumerate(dict.fromkeys([*then_texts, *now_texts]))}
    mapped = [
        np.array([*(positions[text] for text in texts), len(positions)])[codes] for codes, texts in ((then, then_texts), (now, now_texts))
    ]
    first, second = (np.bincount(codes, minlength=len(positions) + 1).astype(float) for codes in mapped)
    return first, second


def _index(then: NDArray[np.float64], now: NDArray[np.float64]) -> float:
    """Half a customer is added to every bin, so that a new or vanished one weighs much but not infinitely."""
    if not then.sum() or not now.sum():
        return float("nan")
    p, q = ((counts + 0.5) / (counts.sum() + 0.5 * counts.size) for counts in (then, now))
    return float(((q - p) * np.log(q / p)).sum())
