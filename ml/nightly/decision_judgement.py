"""Is tonight's policy good enough? Judged off-policy, on customers it has not learnt from.

Comes in: the log of past decisions. Goes out: numbers for `model_runs`, and the reason for a refusal, if any. What the policy may
claim (better than doing nothing, than the best single action for all, than what was done) is measured with it, as 1 or 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ml.next_best_action import Policy, fit_policy
from ml.nightly.tables import Run, uniform
from ml.policy_comparison import compare
from ml.policy_evaluation import evaluate

CONTROL = "nothing"


def fitted(log: pd.DataFrame, names: list[str], seed: int) -> Policy:
    """The policy that `log` teaches. Raises Refused where it is too little."""
    decided = log["action"].tolist(), log["propensity"].to_numpy(), log["stayed"].to_numpy()
    return fit_policy(log[names], *decided, control=CONTROL, seed=seed)


def refusal_of_policy(log: pd.DataFrame, names: list[str], run: Run, seed: int) -> str | None:
    """Learn on half the customers, judge on the others: is the policy certainly worse than doing nothing, or can nobody tell?"""
    half = uniform(log["customer_key"], seed, None, "off_policy") < 0.5 if len(log) else np.array([], dtype=bool)
    policy = fitted(log[half], names, seed)
    judged = log[~half]
    decided = judged["action"], judged["propensity"], judged["stayed"], judged[names]
    chosen = policy.choose(judged[names]).to_numpy()
    for name, choice in {"policy": chosen, CONTROL: np.full(len(judged), CONTROL, dtype=object)}.items():
        for estimator, row in evaluate(choice, *decided, seed=seed).set_index("estimator").iterrows():
            run.measure(name, f"{str(estimator).lower()}_stayed", row["value"], row["low"], row["high"])
            run.measure(name, f"{str(estimator).lower()}_effective_sample_size", row["effective_sample_size"])
    agrees = judged["action"].to_numpy() == chosen
    run.measure("policy", "share_the_log_could_have_made", float((agrees / judged["propensity"].to_numpy()).mean()))
    against: list[dict[str, Any]] = compare(chosen, *decided, control=CONTROL, seed=seed).to_dict("records")  # type: ignore[assignment]
    for rival in against:
        name = str(rival["rival"]).replace(" ", "_")
        run.measure("policy", f"gain_in_staying_over_{name}", rival["gain"], rival["low"], rival["high"])
        run.measure("policy", f"may_claim_to_beat_{name}", rival["may_claim"])
    nothing = against[0]
    if np.isnan(nothing["gain"]) or nothing["high"] < 0:
        return f"judged on past decisions, against doing nothing: {nothing['verdict']}"
    return None
