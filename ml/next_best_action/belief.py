"""How much of what learners say of effects is to be believed: asked of decisions that they have not learnt from.

Comes in: `Evidence`, and per action what was said of every decision out of fold. Goes out: weights, slopes with their z, means, and
whether acting on it all would have paid. Out-of-fold predictions are set against the outcomes they predict (best linear predictor;
Chernozhukov et al. 2018).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.special import ndtri

from ml.additive import Floats
from ml.next_best_action.evidence import Arms, Evidence
from ml.outcomes import Split

MISBELIEF = 0.1  # how often a log in which no action does anything may be read as if the mean of one of them did
POLICY_Z, DIFFERENCE_Z, IDLE_ODDS = 1.28, 2.33, 5


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


def is_idle(evidence: Evidence, action: int, said: Floats) -> bool:
    """Is it IDLE_ODDS times likelier that an action has no differences between customers than that they are as was said of them?"""
    slope, error = _sloped(evidence, {action: said})
    return error > 0 and (1 - 2 * slope) / (2 * error**2) > np.log(IDLE_ODDS)


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


def mean_effects(evidence: Evidence, costs: Floats, within: NDArray[np.int64] | None = None) -> list[tuple[float, float]]:
    """Per action its mean over the log and the error of that: shrunk by 1 − 1/z², and held at its cost where it is not believed to beat it.

    Of many actions that do nothing the luckiest looks like something, so they are tested together (Holm 1979).
    """
    rows = slice(None) if within is None else within
    stake = float(evidence.stake[rows].mean())
    arms = [evidence.arms(action, within) for action in range(1, len(costs) + 1)]
    means, errors = (stake * np.array([getattr(one, what) for one in arms]) for what in ("mean", "error"))
    is_believed = _stand_out(_over(means - costs, errors))
    shrunk = means * np.maximum(0.0, 1 - 1 / np.maximum(_over(means, errors) ** 2, 1e-300))
    held = np.where(is_believed, shrunk, np.minimum(shrunk, costs))
    return list(zip(held.tolist(), errors.tolist(), strict=True))


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


def pays_alone(evidence: Evidence, arms: Arms, constant: float, differences: Floats, cost: float) -> bool:
    """Out of fold, is acting on the differences of one action not worse for certain than the better constant choice?"""
    stake, rows = evidence.stake[arms.rows], arms.rows
    acts = stake * (constant + differences[rows]) > cost
    otherwise = constant * float(evidence.stake.mean()) > cost
    weight = 1 / evidence.propensity[rows]
    weight /= np.where(arms.treated, weight[arms.treated].sum(), weight[~arms.treated].sum())
    changed = (acts.astype(float) - float(otherwise)) * weight
    gains = changed * (np.where(arms.treated, 1.0, -1.0) * evidence.left[rows] - cost / 2)
    return bool(gains.sum() >= -1.96 * np.sqrt((gains**2).sum()))


def pays_together(evidence: Evidence, unseen: Sequence[Floats], slope: float, costs: Floats, splits: Sequence[Split]) -> bool:
    """Does the whole policy, all differences believed, gain POLICY_Z errors over doing nothing, where it has not learnt?

    Means, too, come from the other folds: the best of several that are nothing looks like something where it was found.
    """
    chosen = np.zeros(evidence.taken.size, dtype=np.int64)
    for inside, outside in splits:
        stake, usual = evidence.stake[outside], float(evidence.stake[inside].mean())
        net, means = np.zeros((outside.size, len(unseen) + 1)), mean_effects(evidence, costs, inside)
        for action, (said, cost) in enumerate(zip(unseen, costs, strict=True), 1):
            arms = evidence.arms(action, inside)
            centre = np.average(said[arms.rows], weights=arms.weight)
            net[:, action] = stake * (means[action - 1][0] / usual + slope * (said[outside] - centre)) - cost
        chosen[outside] = np.where(net.max(axis=1) > 1e-12, net.argmax(axis=1), 0)
    agrees = (evidence.taken == chosen).astype(float) - (evidence.taken == 0)
    gains = np.where(chosen > 0, evidence.left * agrees / evidence.propensity - np.append(0.0, costs)[chosen], 0.0)
    return bool(gains.sum() >= POLICY_Z * np.sqrt(((gains - gains.mean()) ** 2).sum()) and chosen.any())
