"""What a policy is measured against: the learners of effects that a careful person would try, and one action for everybody.

Comes in: numbers of customers, actions (0 the control), propensities, outcomes. Goes out: effects of other customers × actions against
the control. T: a regression per arm; X: imputed effects of both arms (Künzel et al. 2019); DR: doubly robust scores, regressed
(Kennedy 2023). Each with boosting and with ridge.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

Floats = NDArray[np.float64]
Log = tuple[Floats, NDArray[np.int64], Floats, Floats]  # customers × columns, actions, propensities, outcomes
_FOLDS = 5


def _boosting() -> Any:
    return HistGradientBoostingRegressor(learning_rate=0.05, max_iter=100, max_leaf_nodes=8, min_samples_leaf=40, early_stopping=False)


def _ridge() -> Any:
    return make_pipeline(StandardScaler(), RidgeCV(alphas=np.logspace(0, 5, 11)))


def _fitted(learner: Callable[[], Any], x: Floats, y: Floats) -> Callable[[Floats], Floats]:
    if y.size < 20:
        return lambda rows: np.full(len(rows), y.mean() if y.size else 0.0)
    return learner().fit(x, y).predict


def _arms(learner: Callable[[], Any], log: Log, actions: int) -> list[Callable[[Floats], Floats]]:
    x, taken, _, outcome = log
    return [_fitted(learner, x[taken == action], outcome[taken == action]) for action in range(actions)]


def t_learner(learner: Callable[[], Any], log: Log, unseen: Floats, actions: int) -> Floats:
    """Difference of two regressions."""
    said = np.column_stack([arm(unseen) for arm in _arms(learner, log, actions)])
    return said - said[:, :1]


def x_learner(learner: Callable[[], Any], log: Log, unseen: Floats, actions: int) -> Floats:
    """What the other arm would have come to, imputed; both arms' answers weighted alike."""
    x, taken, _, outcome = log
    arms, effects = _arms(learner, log, actions), np.zeros((len(unseen), actions))
    for action in range(1, actions):
        of, without = taken == action, taken == 0
        treated = _fitted(learner, x[of], outcome[of] - arms[0](x[of]))
        control = _fitted(learner, x[without], arms[action](x[without]) - outcome[without])
        effects[:, action] = (treated(unseen) + control(unseen)) / 2
    return effects


def dr_learner(learner: Callable[[], Any], log: Log, unseen: Floats, actions: int) -> Floats:
    """A regression of doubly robust scores."""
    scores = robust_scores(learner, log, actions)
    said = [_fitted(learner, log[0], scores[:, action] - scores[:, 0])(unseen) for action in range(1, actions)]
    return np.column_stack([np.zeros(len(unseen)), *said])


def robust_scores(learner: Callable[[], Any], log: Log, actions: int) -> Floats:
    """Customers × actions; what was expected comes from the other folds."""
    x, taken, propensity, outcome = log
    fold, scores = np.random.default_rng(0).permutation(taken.size) % _FOLDS, np.empty((taken.size, actions))
    for number in range(_FOLDS):
        inside, outside = fold != number, fold == number
        arms = _arms(learner, (x[inside], taken[inside], propensity[inside], outcome[inside]), actions)
        scores[outside] = np.column_stack([arm(x[outside]) for arm in arms])
    each = np.arange(taken.size)
    scores[each, taken] += (outcome - scores[each, taken]) / propensity
    return scores


def best_single(log: Log, unseen: Floats, actions: int) -> Floats:
    """The mean effect of each action for everybody."""
    means = robust_scores(_ridge, log, actions).mean(axis=0)
    return np.tile(means - means[0], (len(unseen), 1))


_SHAPES = {"T": t_learner, "X": x_learner, "DR": dr_learner}
_LEARNERS = {"ridge": _ridge, "boosting": _boosting}
RIVALS: dict[str, Callable[[Log, Floats, int], Floats]] = {
    "best single": best_single,
    **{f"{shape} {name}": partial(_SHAPES[shape], learner) for shape in _SHAPES for name, learner in _LEARNERS.items()},
}
