"""How much of what learners say of effects is to be believed: asked of decisions that they have not learnt from.

Comes in: `Evidence`, and per action what was said of every decision out of fold. Goes out: weights, slopes with their z, means, and
how likely it is that what was said is so. Out-of-fold predictions are set against the outcomes they predict (best linear predictor;
Chernozhukov et al. 2018).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.special import expit, ndtri

from ml.additive import Floats
from ml.next_best_action.apart import Means
from ml.next_best_action.evidence import Evidence

MISBELIEF = 0.1  # how often a log in which no action does anything may be read as if the mean of one of them did
DIFFERENCE_Z = 2.33
LEAST_CHANCE = 0.05  # nobody is written to for what is nothing nineteen times in twenty


def weights(evidence: Evidence, unseen: Sequence[Sequence[Floats]]) -> Floats:
    """Per learner, 0 … 1: the outcomes of all actions together on what the learners said of them out of fold."""
    said = {action: np.column_stack(each) for action, each in enumerate(zip(*unseen, strict=True), 1)}
    gram, moment = 1e-9 * np.eye(len(unseen)), np.zeros(len(unseen))
    for x, weight, unexplained in _sides(evidence, said):
        gram += x.T @ (x * weight[:, None])
        moment += x.T @ (weight * unexplained)
    root = np.linalg.cholesky(gram)
    return np.minimum(nnls(root.T, np.linalg.solve(root, moment))[0], 1.0)


def line(evidence: Evidence, unseen: Mapping[int, Floats]) -> tuple[float, float]:
    """Slope of the outcomes on what was predicted of them (by action) out of fold, cut to 0 … 1; and its z. Of several actions in sum.

    Other actions are compared with, too, as the control is.
    """
    slope, error = _sloped(evidence, unseen)
    return float(np.clip(slope, 0, 1)), slope / error if error > 0 else 0.0


def chance(evidence: Evidence, action: int, said: Floats) -> float:
    """How likely it is that customers differ as was said of an action, and not at all; before anything is known either is as likely.

    0 below LEAST_CHANCE.
    """
    slope, error = _sloped(evidence, {action: said})
    found = float(expit((2 * slope - 1) / (2 * error**2))) if error > 0 else 0.0
    return found if found >= LEAST_CHANCE else 0.0


def _sloped(evidence: Evidence, unseen: Mapping[int, Floats]) -> tuple[float, float]:
    """Slope and its standard error; 0 where nothing was said."""
    silent = np.zeros(evidence.taken.size)
    said = {action: unseen.get(action, silent)[:, None] for action in range(1, int(evidence.taken.max()) + 1)}
    sides = [(x[:, 0], weight, unexplained) for x, weight, unexplained in _sides(evidence, said)]
    information = sum(float((weight * x**2).sum()) for x, weight, _ in sides)
    if information < 1e-9:
        return 0.0, 0.0
    slope = sum(float((weight * x * unexplained).sum()) for x, weight, unexplained in sides) / information
    squares = sum(float(((weight * x * (unexplained - slope * x)) ** 2).sum()) for x, weight, unexplained in sides)
    return slope, float(np.sqrt(squares)) / information


def _sides(evidence: Evidence, said: Mapping[int, Floats]) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Of the control and each action: what was said of its rows (rows × learners), weights, and what they came to; both about 0.

    What was said is taken about what was said of all these arms, so that none is the one that the others are measured by (of eight actions
    the noise of the control would count eight times) and what the outcome model missed of everyone drops out. An arm counts by how
    surely its mean is known.
    """
    arms = {action: evidence.arm(action) for action in (0, *said)}
    sure = {action: 1 / max(float((weight**2 * unexplained**2).sum()), 1e-300) for action, (_, weight, unexplained) in arms.items()}
    told = np.sum([sure[action] * one for action, one in said.items()], axis=0)
    usual: Floats = told / sum(sure.values())
    for action, (rows, weight, unexplained) in arms.items():
        x = said[action][rows] - usual[rows] if action else -usual[rows]
        yield x - np.average(x, axis=0, weights=weight), weight * sure[action], unexplained


def weighted_means(evidence: Evidence) -> Means:
    """Per action its mean effect per unit of stake and the error of that, by 1 ÷ propensity."""
    arms = [evidence.arms(action) for action in range(1, int(evidence.taken.max()) + 1)]
    return np.array([one.mean for one in arms]), np.array([one.error for one in arms])


def believed_means(found: Means, costs: Floats) -> Floats:
    """Per action its mean, shrunk by 1 − 1/z², and held at its cost where it is not believed to beat it.

    Of many actions that do nothing the luckiest looks like something, so they are tested together (Holm 1979).
    """
    means, errors = found
    shrunk = means * np.maximum(0.0, 1 - 1 / np.maximum(_over(means, errors) ** 2, 1e-300))
    return np.where(_stand_out(_over(means - costs, errors)), shrunk, np.minimum(shrunk, costs))


def _over(means: Floats, errors: Floats) -> Floats:
    """How many errors; without an error beyond all measure."""
    return np.divide(means, errors, out=np.where(means == 0, 0.0, np.copysign(1e9, means)), where=errors > 0)


def _stand_out(z: Floats) -> NDArray[np.bool_]:
    """Those that are above 0 for certain, of all together: the largest against as many as there are, the next against one fewer …"""
    order = np.argsort(-z, kind="stable")
    least = ndtri((1 - MISBELIEF) ** (1 / np.arange(z.size, 0, -1)))
    found = np.zeros(z.size, dtype=bool)
    found[order] = np.logical_and.accumulate(z[order] > least)
    return found
