"""How comparable customers are under an action and the control: by where both were to be had, decisions tell effects apart best.

Comes in: codes and `Evidence`. Goes out: customers × actions, 0 … ½. Where a rule decides for nine of ten, 1 ÷ propensity lets the tenth
that chance decided speak for all, and its noise drowns what the others say. Weighed besides by p · q / (p + q), of chances p of the action
and q of the control, decisions stand for those customers of whom either could have been (Li, Morgan & Zaslavsky 2018); since the propensity
of what was done is known, differences are unbiased whatever is thought of p and q, which are learnt from the other folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ml.additive import Floats
from ml.encoding import Encoder
from ml.next_best_action.contrasts import Evidence
from ml.outcomes import Split, Trees, grown

if TYPE_CHECKING:  # scikit-learn is read when something is learnt
    from ml.additive.boosting import Bins

_TREES = Trees(40, 8, 100)
_LEAST = 0.01


def overlap(encoder: Encoder, codes: Floats, bins: Bins, evidence: Evidence, splits: Sequence[Split], seed: int) -> Floats:
    """Per customer and action; column 0, the control's, is of no use."""
    chances = np.empty((len(codes), int(evidence.taken.max()) + 1))
    for inside, outside in splits:
        some = bins.take(inside)
        for action in range(chances.shape[1]):
            taken = (evidence.taken[inside] == action).astype(np.float64)
            chances[outside, action] = grown(codes[inside], taken, seed, _TREES, bins=some).score(encoder, codes[outside])
    held = np.clip(chances, _LEAST, 1.0)
    return held * held[:, :1] / (held + held[:, :1])
