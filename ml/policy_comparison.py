"""Is a policy better than what one would do without it? Against doing nothing, the best single action for all, and what was done.

Comes in: logged decisions that the policy has not learnt from, and what it chooses for them. Goes out: one row per rival with the
gain over it, a 95 % interval, effective sample sizes, and whether the policy may claim to be better.
All by the doubly robust estimate, paired: the same customers and outcome model on both sides, so that what is hard for both cancels.
The best single action is the one that did best on these very rows: a rival that was lucky is the harder one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ml.additive import Floats
from ml.logged import checked_choices, checked_log, order_of
from ml.outcomes import doubly_robust, expected_outcomes

FEWEST_EFFECTIVE = 100  # below it an interval from the normal distribution covers less than it says
LEAST_OVERLAP = 0.8  # the weights of decisions that agree average 1 where the log could have made every choice
COLUMNS = ("rival", "value", "gain", "low", "high", "effective_sample_size", "rival_effective_sample_size", "may_claim", "verdict")
CURRENT = "what was done"


def compare(
    chosen: ArrayLike,
    action: ArrayLike,
    propensity: ArrayLike,
    outcome: ArrayLike,
    features: pd.DataFrame | None = None,
    *,
    control: str,
    cost: Mapping[str, float] | None = None,
    without: Collection[str] = (),
    seed: int = 0,
) -> pd.DataFrame:
    """One row per rival (the control for all, the best single action for all, what was done), values net of `cost`.

    `without`: actions that are no rivals, as they are done for something else.

    A gain is NaN, and nothing may be claimed, where the effective sample size of either side is below FEWEST_EFFECTIVE; nor may it
    where the log could not have made the choices (an action that many were never offered): the mean weight falls below LEAST_OVERLAP.
    Raises ValueError as `ml.policy_evaluation.evaluate` does.
    """
    order = order_of(features, action)
    actions, propensities, outcomes = checked_log(action, propensity, outcome, order)
    wanted = checked_choices(chosen, actions.size, order)
    known, positions = np.unique(np.concatenate([actions, wanted, [control]]).astype(str), return_inverse=True)
    taken, choice, nothing = positions[: actions.size], positions[actions.size : -1], int(positions[-1])
    paid = np.array([float((cost or {}).get(name, 0.0)) for name in known])
    expected = expected_outcomes(features, taken, outcomes, len(known), seed)
    scores = doubly_robust(expected, taken, propensities, outcomes) - paid
    sizes = np.array([_effective(taken == one, propensities) for one in range(len(known))])
    is_single = (sizes >= FEWEST_EFFECTIVE) & (np.arange(len(known)) != nothing) & ~np.isin(known, list(without))
    best = int(np.argmax(np.where(is_single, scores.mean(axis=0), -np.inf)))
    each = np.arange(actions.size)
    mine, size = scores[each, choice], _effective(taken == choice, propensities)
    overlap = float(((taken == choice) / propensities).mean())
    rivals = {
        str(known[nothing]): (scores[:, nothing], sizes[nothing]),
        f"{known[best]} for all": (scores[:, best], sizes[best]),
        CURRENT: (outcomes - paid[taken], float(actions.size)),
    }
    return pd.DataFrame([_row(name, mine, size, overlap, *rival) for name, rival in rivals.items()], columns=list(COLUMNS))


def paired(
    chosen: ArrayLike,
    rival: ArrayLike,
    action: ArrayLike,
    propensity: ArrayLike,
    outcome: ArrayLike,
    features: pd.DataFrame,
    *,
    seed: int = 0,
) -> tuple[float, float, float, float]:
    """Gain in the mean outcome of `chosen` over `rival`, its 95 % interval, and the smaller effective sample size of the two."""
    order = order_of(features, action)
    actions, propensities, outcomes = checked_log(action, propensity, outcome, order)
    sides = [checked_choices(side, actions.size, order) for side in (chosen, rival)]
    known, positions = np.unique(np.concatenate([actions, *sides]).astype(str), return_inverse=True)
    taken, mine, theirs = np.split(positions, 3)
    scores = doubly_robust(expected_outcomes(features, taken, outcomes, len(known), seed), taken, propensities, outcomes)
    each = np.arange(actions.size)
    change = scores[each, mine] - scores[each, theirs]
    gain, margin = float(change.mean()), 1.96 * float(change.std(ddof=1) / np.sqrt(change.size))
    return gain, gain - margin, gain + margin, min(_effective(taken == side, propensities) for side in (mine, theirs))


def _effective(agrees: NDArray[np.bool_], propensities: Floats) -> float:
    weights = agrees / propensities
    return float(weights.sum() ** 2 / (weights**2).sum()) if weights.any() else 0.0


def _row(rival: str, mine: Floats, size: float, overlap: float, theirs: Floats, rival_size: float) -> tuple[object, ...]:
    smallest = min(size, rival_size)
    if smallest < FEWEST_EFFECTIVE:
        verdict = f"cannot be judged: effective sample size {smallest:.0f}, at least {FEWEST_EFFECTIVE} are needed"
        return rival, np.nan, np.nan, np.nan, np.nan, size, rival_size, False, verdict
    change = mine - theirs
    gain, error = float(change.mean()), float(change.std(ddof=1) / np.sqrt(change.size))
    low, high = gain - 1.96 * error, gain + 1.96 * error
    verdict = "better" if low > 0 else "worse" if high < 0 else "not told apart"
    told = f"{verdict} (gain {gain:.4f}, from {low:.4f} to {high:.4f})"
    if overlap < LEAST_OVERLAP:
        told += f"; not to be claimed: the log could have made about {overlap:.0%} of these choices, the rest is the outcome model's word"
    return rival, float(theirs.mean()), gain, low, high, size, rival_size, low > 0 and overlap >= LEAST_OVERLAP, told
