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
from numpy.typing import ArrayLike

from ml.additive import Floats
from ml.judged import Judged
from ml.means import mean_interval

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
    log = Judged.of(action, propensity, outcome, features, [chosen, control], seed)
    return compared(log, chosen, control=control, cost=cost, without=without)


def compared(
    log: Judged, chosen: ArrayLike, *, control: str, cost: Mapping[str, float] | None = None, without: Collection[str] = ()
) -> pd.DataFrame:
    """`compare` on decisions that are at hand already; `control` must have been among their choices."""
    choice, nothing = log.places(chosen), int(log.places(control)[0])
    paid = np.array([float((cost or {}).get(name, 0.0)) for name in log.known])
    sizes = np.array([log.effective(one) for one in range(len(log.known))])
    is_single = (sizes >= FEWEST_EFFECTIVE) & (np.arange(len(log.known)) != nothing) & ~np.isin(log.known, list(without))
    best = int(np.argmax(np.where(is_single, log.scores.mean(axis=0) - paid, -np.inf)))
    mine, size = log.scores_of(choice) - paid[choice], log.effective(choice)
    overlap = float(((log.taken == choice) / log.propensity).mean())
    rivals = {
        str(log.known[nothing]): (log.scores[:, nothing] - paid[nothing], sizes[nothing]),
        f"{log.known[best]} for all": (log.scores[:, best] - paid[best], sizes[best]),
        CURRENT: (log.outcome - paid[log.taken], float(log.taken.size)),
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
    log = Judged.of(action, propensity, outcome, features, [chosen, rival], seed)
    sides = [log.places(side) for side in (chosen, rival)]
    change = log.scores_of(sides[0]) - log.scores_of(sides[1])
    size = min(map(log.effective, sides))
    return *mean_interval(change, size), size


def _row(rival: str, mine: Floats, size: float, overlap: float, theirs: Floats, rival_size: float) -> tuple[object, ...]:
    smallest = min(size, rival_size)
    if smallest < FEWEST_EFFECTIVE:
        verdict = f"cannot be judged: effective sample size {smallest:.0f}, at least {FEWEST_EFFECTIVE} are needed"
        return rival, np.nan, np.nan, np.nan, np.nan, size, rival_size, False, verdict
    gain, low, high = mean_interval(mine - theirs, smallest)
    verdict = "better" if low > 0 else "worse" if high < 0 else "not told apart"
    told = f"{verdict} (gain {gain:.4f}, from {low:.4f} to {high:.4f})"
    if overlap < LEAST_OVERLAP:
        told += f"; not to be claimed: the log could have made about {overlap:.0%} of these choices, the rest is the outcome model's word"
    return rival, float(theirs.mean()), gain, low, high, size, rival_size, low > 0 and overlap >= LEAST_OVERLAP, told
