"""Is tonight's policy good enough? Judged off-policy, on customers it has not learnt from.

Comes in: the log of past decisions. Goes out: numbers for `model_runs`, and the reason for a refusal, if any. What the policy may
claim (better than doing nothing, than the best single action for all, than what was done) is measured with it, as 1 or 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ml.judged import Judged
from ml.next_best_action import Policy, fit_policy
from ml.nightly.aims import CONTROL, RETENTION, Aim
from ml.nightly.learning import Parts
from ml.nightly.tables import Run, uniform
from ml.policy_comparison import FEWEST_EFFECTIVE, compared, paired
from ml.policy_evaluation import estimates
from ml.promotions import Duel


def fitted(log: pd.DataFrame, names: list[str], seed: int, aim: Aim = RETENTION, others: frozenset[str] = frozenset()) -> Policy:
    """The policy that `log` teaches of `aim`, from what was not done for another one. Raises Refused where it is too little."""
    own = log[~log["action"].isin(others)] if others else log
    decided = own["action"].tolist(), own["propensity"].to_numpy(), own[aim.outcome].to_numpy()
    return fit_policy(own[names], *decided, control=CONTROL, seed=seed)


def halved(log: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Decisions to learn from and to judge on: of different customers, the same ones every night."""
    half = uniform(log["customer_key"], seed, None, "off_policy") < 0.5 if len(log) else np.array([], dtype=bool)
    return log[half], log[~half]


def duel(champion: Parts, challenger: Parts, log: pd.DataFrame, seed: int, aim: Aim = RETENTION) -> Duel | str:
    """The mean outcome under each (of retention the share that stays), by the paired doubly robust difference.

    On customers of whom neither twin has learnt.
    """
    judged = halved(log, seed)[1]
    policies = [Policy.from_parts(*parts) for parts in (champion, challenger)]
    gone = sorted({column.name for policy in policies for column in policy.encoder.columns} - set(judged.columns))
    if gone:
        return f"the one that scored needs {', '.join(gone)}, which the log lacks now"
    before, now = (policy.choose(judged).to_numpy() for policy in policies)
    names = [column.name for column in policies[1].encoder.columns]
    decided = judged["action"], judged["propensity"], judged[aim.outcome], judged[names]
    gain, low, high, size = paired(now, before, *decided, seed=seed)
    if size < FEWEST_EFFECTIVE:
        return f"too few past decisions agree with both of them (effective sample size {size:.0f}, at least {FEWEST_EFFECTIVE} are needed)"
    return Duel(aim.measure, len(judged), gain, low, high, float(judged[aim.outcome].mean()))


def judge(
    log: pd.DataFrame, names: list[str], run: Run, seed: int, aim: Aim = RETENTION, others: frozenset[str] = frozenset()
) -> tuple[Policy, str | None]:
    """Learn on half the customers, judge on the others. The refusal: it is certainly worse than doing nothing, or nobody can tell."""
    learns, judged = halved(log, seed)
    policy = fitted(learns, names, seed, aim, others)
    chosen = policy.choose(judged[names]).to_numpy()
    decided = judged["action"], judged["propensity"], judged[aim.outcome], judged[names]
    decisions = Judged.of(*decided, [chosen, CONTROL], seed)
    told: dict[str, ArrayLike] = {"policy": chosen, CONTROL: CONTROL}
    for name, choice in told.items():
        for estimator, row in estimates(decisions, choice).set_index("estimator").iterrows():
            run.measure(name, f"{str(estimator).lower()}_{aim.ended}", row["value"], row["low"], row["high"])
            run.measure(name, f"{str(estimator).lower()}_effective_sample_size", row["effective_sample_size"])
    agrees = judged["action"].to_numpy() == chosen
    run.measure("policy", "share_the_log_could_have_made", float((agrees / judged["propensity"].to_numpy()).mean()))
    found = compared(decisions, chosen, control=CONTROL, without=others)
    against: list[dict[str, Any]] = found.to_dict("records")  # type: ignore[assignment]
    for rival in against:
        name = str(rival["rival"]).replace(" ", "_")
        run.measure("policy", f"gain_in_{aim.doing}_over_{name}", rival["gain"], rival["low"], rival["high"])
        run.measure("policy", f"may_claim_to_beat_{name}", rival["may_claim"])
    nothing = against[0]
    if np.isnan(nothing["gain"]) or nothing["high"] < 0:
        return policy, f"judged on past decisions, against doing nothing: {nothing['verdict']}"
    return policy, None
