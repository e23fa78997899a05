"""Columns of a log that knew too much when it was decided: they follow from what was done, or tell how it ended.

Comes in: the columns of past decisions, what was done with which propensity, how it ended. Goes out: `Doubt` per column to mistrust.
What was known before a decision cannot tell which way chance went: among the decisions that share a value, 1 ÷ propensity of those for an
action sums up to their number, or to less where some could not have got it. Who counts contacts after the call finds more of them than that
among the called. The same sign shows where an action was done more often than its propensities say.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from ml.additive import Floats
from ml.encoding import Parsed
from ml.encoding.kinds import CATEGORY
from ml.leakage import Suspicion, Words, bins_of, suspicions

_SURPRISE, _TIMES = 6.0, 1.25  # standard errors, as some ten thousand sums are looked at; propensities are written down in two digits
_LEAST_PROPENSITY = 1e-9  # the square of 1 ÷ propensity has to be a number
_WHOLE = 4.0  # standard errors by which the sums of all may be off, or decisions were left out of the log by what was done
_SAME = 0.999  # rank correlation from which a column is the outcome itself; what was spent before may foretell money well
_WELL, _BADLY = Words("good outcomes", "bad ones", "ended well"), Words("bad outcomes", "good ones", "ended badly")
_HIGH = Words("high outcomes", "low ones", "ended high")


class Doubt(NamedTuple):
    """A column, why it is mistrusted, whether it is kept out of what is learnt, and how well it ranks outcomes, if that is why.

    `is_certain`: nobody should publish what was learnt from it before a person has looked.
    """

    feature: str
    reason: str
    left_out: bool
    roc_auc: float | None = None
    is_certain: bool = False


def told_the_end(parsed: Parsed, outcome: Floats, seed: int) -> list[Doubt]:
    """Columns that know the outcome, worst first; what is the outcome itself is left out. Money counts as high above its median."""
    if np.isin(outcome, (0.0, 1.0)).all():
        label, words = (outcome, _WELL) if outcome.mean() <= 0.5 else (1 - outcome, _BADLY)
        return [_doubt(one, one.left_out, one.is_certain) for one in suspicions(parsed, label, seed, words)]
    high = (outcome > np.median(outcome)).astype(float)
    found = suspicions(parsed, high, seed, _HIGH) if 0 < high.sum() < high.size else []
    same = {one.feature for one in found if one.is_certain and _is_same(parsed, one.feature, outcome)}
    return [_doubt(one, one.feature in same, one.feature in same) for one in found]


def follow_the_decision(parsed: Parsed, taken: NDArray[Any], propensity: Floats) -> list[Doubt]:
    """Columns with a value that decisions for one action have more often than chance allows; none where decisions were left out."""
    propensity = np.maximum(propensity, _LEAST_PROPENSITY)
    arms = [(str(action), taken == action) for action in np.unique(taken)]
    if not all(_is_whole(propensity[mine], taken.size) for _, mine in arms):
        return []
    found = (_followed(name, bins_of(values, parsed.kinds[name]), arms, propensity) for name, values in parsed.values.items())
    return [one for one in found if one is not None]


def _doubt(one: Suspicion, left_out: bool, is_certain: bool) -> Doubt:
    return Doubt(one.feature, one.reason, left_out, one.roc_auc, is_certain)


def _is_same(parsed: Parsed, name: str, outcome: Floats) -> bool:
    values = parsed.values[name]
    if parsed.kinds[name] == CATEGORY:
        return False
    told = np.isfinite(values)
    return bool(np.ptp(outcome[told]) > 0 and abs(spearmanr(values[told], outcome[told]).statistic) >= _SAME)


def _is_whole(propensity: Floats, decisions: int) -> bool:
    weight = 1 / propensity
    return bool(weight.sum() - decisions <= _WHOLE * np.sqrt((weight * (weight - 1)).sum()))


def _followed(name: str, bins: NDArray[np.int64], arms: list[tuple[str, NDArray[np.bool_]]], propensity: Floats) -> Doubt | None:
    """The action with the value that is most surprising."""
    size = int(bins.max(initial=0)) + 1
    shared, worst = np.bincount(bins, minlength=size), (_SURPRISE, "", 0.0, 0)
    for action, mine in arms:
        weight = 1 / propensity[mine]
        due = np.bincount(bins[mine], weight, size)
        error = np.sqrt(np.bincount(bins[mine], weight * (weight - 1), size))
        z = np.divide(due - shared, error, out=np.zeros(size), where=(error > 0) & (due > _TIMES * shared))
        place = int(z.argmax())
        if z[place] > worst[0]:
            worst = (float(z[place]), action, float(due[place] / shared[place]), int(shared[place]))
    if not worst[1]:
        return None
    told = f"among {worst[3]} decisions with one of its values {worst[1]!r} was done {worst[2]:.1f} times as often as its propensities say"
    return Doubt(name, f"{told}; it is known only after the decision, or the propensities are not those of the decision", False)
