"""Single columns that know too much: what a leak from the future looks like.

Comes in: parsed columns and the label. Goes out: the columns to mistrust, each with the reason in words.
Two signs: one column alone orders leavers before stayers almost perfectly (also by being missing), or one text, flag or
gap belongs to practically nobody but leavers. Honest behaviour rarely does either; a cancellation date always does.
What is practically the label itself is kept out of the model. Everything else is reported for a person to judge: an honest column may be
that strong, and without it the model would know next to nothing. A night does not publish on a near-certain leak either way. Outcomes of
decisions are looked at alike, in other words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.additive import Floats
from ml.encoding import Parsed
from ml.encoding.kinds import CATEGORY
from ml.evaluation import roc_auc

SUSPICIOUS_AUC = 0.90
CERTAIN_AUC = 0.97
LABEL_AUC = 0.999
_PURE = 0.98
_BINS = 40


class Words(NamedTuple):
    """What the ones of a label are called, what the others, and what became of the ones."""

    ones: str
    others: str
    became: str


LEAVING = Words("leavers", "stayers", "left")


@dataclass(frozen=True)
class Suspicion:
    """A column, how well it alone ranks leavers (0.5 … 1), why it is mistrusted, and whether it was kept out of the model.

    `is_certain`: nobody should publish what was learnt from it before a person has looked.
    """

    feature: str
    roc_auc: float
    reason: str
    left_out: bool
    is_certain: bool = False


def suspicions(parsed: Parsed, label: Floats, seed: int, words: Words = LEAVING) -> list[Suspicion]:
    """Every column that looks as if it knew the label, worst first."""
    half = np.random.default_rng(seed).permutation(label.size) % 2
    found = (_judge(name, bins_of(values, parsed.kinds[name]), label, half, words) for name, values in parsed.values.items())
    return sorted((one for one in found if one is not None), key=lambda one: -one.roc_auc)


def _judge(name: str, bins: NDArray[np.int64], label: Floats, half: NDArray[np.int64], words: Words) -> Suspicion | None:
    auc = _cross_fitted_auc(bins, label, half)
    if auc >= SUSPICIOUS_AUC:
        told = f"alone it ranks {words.ones} before {words.others} with AUC {auc:.3f}; it probably knows the future"
        return Suspicion(name, auc, told, auc >= LABEL_AUC, auc >= CERTAIN_AUC)
    pure = _pure_group(_few(bins), label)
    if pure is None:
        return None
    told = f"one of its values holds {pure[0]} customers of whom {pure[1]} {words.became}; it may be written when that happens"
    return Suspicion(name, auc, told, False)


def _cross_fitted_auc(bins: NDArray[np.int64], label: Floats, half: NDArray[np.int64]) -> float:
    """AUC of the label's rate per bin, each half judged by the rates of the other: many small bins gain nothing by chance."""
    base, size = label.mean(), int(bins.max(initial=0)) + 1
    score = np.empty(label.size)
    for side in (0, 1):
        learn, judge = half != side, half == side
        ones = np.bincount(bins[learn], weights=label[learn], minlength=size)
        rate = (ones + 2 * base) / (np.bincount(bins[learn], minlength=size) + 2)
        score[judge] = rate[bins[judge]]
    areas = [roc_auc(label[half == side], score[half == side]) for side in (0, 1)]
    return float(np.nanmean(areas)) if np.isfinite(areas).any() else 0.5


def _few(bins: NDArray[np.int64]) -> NDArray[np.int64]:
    """Many ordered groups become two, missing or not: the far end of an honest number may well hold only leavers."""
    return (bins > 0).astype(np.int64) if np.unique(bins).size > 5 else bins


def _pure_group(bins: NDArray[np.int64], label: Floats) -> tuple[int, int] | None:
    """(customers, leavers) of the group with most leavers, where it holds next to nobody else and is too large for chance."""
    sizes, ones = np.bincount(bins), np.bincount(bins, weights=label)
    group = int(np.argmax(np.where(ones >= _PURE * sizes, ones, 0)))
    least = max(20, 0.05 * label.sum())
    if label.mean() >= 0.5 or ones[group] < least or ones[group] < _PURE * sizes[group]:
        return None
    return int(sizes[group]), int(ones[group])


def bins_of(values: NDArray[Any], kind: str) -> NDArray[np.int64]:
    """Groups of alike values; group 0 is missing."""
    if kind == CATEGORY:
        return values + 1
    present = np.isfinite(values)
    if not present.any():
        return np.zeros(values.size, dtype=np.int64)
    edges = np.unique(np.quantile(values[present], np.linspace(0, 1, _BINS + 1)))
    return np.where(present, np.searchsorted(edges, np.where(present, values, 0.0), side="right") + 1, 0)
