"""Next best action, one night: learn from the log, judge off-policy, decide for every customer.

Comes in: `ml_inputs.action_candidates`, `ml_inputs.action_log`, tonight's features, `clv_scores`.
Goes out: `next_best_actions` (one row per customer, "nothing" included), `action_candidates` (with the gate that removed each)
and `model_runs`. score = believed change in the chance of staying × predicted value − cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from ml import artifacts as store
from ml.next_best_action import Policy
from ml.nightly.choice import choose
from ml.nightly.decision_judgement import CONTROL, duel, fitted, judge
from ml.nightly.decision_lift import measure_lift
from ml.nightly.decision_tables import Night, candidates_table, decisions_table
from ml.nightly.learning import Learnt, Lesson, learn, load
from ml.nightly.tables import Result, Run, empty, uniform
from ml.refusal import Refused

_LEARNT_FROM = ["action_id", "customer_key", "action", "propensity", "stayed"]
_LOG_META = (*_LEARNT_FROM, "decided_at", "outcome_day", "cost", "is_holdout", "margin")


def decide(
    *,
    candidates: pd.DataFrame,
    action_log: pd.DataFrame,
    features_tonight: pd.DataFrame,
    clv: pd.DataFrame,
    as_of: date,
    artifacts: Path,
    exploration_share: float = 0.10,
    capacity: int | None = None,
    capacities: Mapping[str, int] | None = None,
    seed: int = 0,
) -> Result:
    """Decide for every customer among `candidates`. Deterministic given seed, as-of date and customer_key.

    `capacity`: most actions of the night, `capacities`: of each by its name. `clv` needs customer_key and clv_predicted;
    a customer without a value counts as 0 and is only ever treated by exploration.
    Without a policy that passed its check no effect is believed: everyone gets "nothing" but the explored share, which is how a
    log comes about. Status: published, kept_last_good, or refused.
    """
    run = Run("next_best_action", as_of)
    if candidates.empty:
        run.status, run.reason = "refused", "there is no candidate action tonight"
        return run.result(next_best_actions=empty("next_best_actions"), action_candidates=empty("action_candidates"))
    policy = _tonights_policy(action_log, features_tonight, run, artifacts, seed)
    night = _night(candidates, features_tonight, clv, policy)
    order, draw = (uniform(night.customers, seed, as_of, purpose) for purpose in ("order", "exploration"))
    limits = {night.actions.index(name): most for name, most in (capacities or {}).items() if name in night.actions}
    choice = choose(night.scores, night.passed, night.holdout, order, draw, exploration_share, capacity, limits)
    version = f"{run.version or 'no_policy'}/explore={exploration_share:g}"
    _measure_night(run, night, choice.action)
    measure_lift(run, action_log)
    return run.result(
        next_best_actions=decisions_table(night, choice, as_of, version, run.version),
        action_candidates=candidates_table(night, choice, as_of),
    )


def _tonights_policy(log: pd.DataFrame, tonight: pd.DataFrame, run: Run, artifacts: Path, seed: int) -> Policy | None:
    """Tonight's policy if it passes, else the last good one, else None; `run` says which and why."""
    names = [name for name in log.columns if name not in _LOG_META and name in tonight.columns]
    # Who could only get what they got (the holdout, a policy that never explores) says nothing of what else would have done.
    used = log[log["propensity"].between(0, 1, inclusive="neither") & log["stayed"].notna()].sort_values("action_id", ignore_index=True)
    known_by = pd.to_datetime(used["outcome_day"]).max().date() if len(used) else run.as_of
    try:
        lesson = Lesson.of(used[_LEARNT_FROM + names], known_by, seed=seed)
        against = partial(duel, log=used, seed=seed)
        return Policy.from_parts(*learn(run, artifacts, lesson, lambda: _learnt(used, names, run, seed), against))
    except Refused as reason:
        return _last_good(str(reason), tonight, run, artifacts)


def _learnt(log: pd.DataFrame, names: list[str], run: Run, seed: int) -> Learnt:
    """Raises Refused when nothing can be learnt, or the policy is certainly worse than doing nothing."""
    twin, refusal = judge(log, names, run, seed)
    if refusal is not None:
        raise Refused(refusal)
    policy = fitted(log, names, seed)
    for effect in policy.report["effects"]:
        mean, margin = effect["mean_effect"], 1.96 * effect["standard_error"]
        run.measure(effect["action"], "mean_effect_on_staying", mean, mean - margin, mean + margin)
        run.measure(effect["action"], "is_personal", float(effect["is_personal"]))
    return Learnt(*policy.to_parts(), names, twin=twin.to_parts())


def _last_good(refusal: str, tonight: pd.DataFrame, run: Run, artifacts: Path) -> Policy | None:
    run.reason = refusal
    manifest = store.last_good(artifacts, run.model, run.as_of)
    if manifest is None or set(manifest.columns) - set(tonight.columns):
        run.status = "refused"
        return None
    run.status, run.version, run.trained_as_of = "kept_last_good", manifest.id, date.fromisoformat(manifest.trained_as_of)
    run.reason = f"{refusal}; the policy of {manifest.trained_as_of} stays, {(run.as_of - run.trained_as_of).days} days old"
    return Policy.from_parts(*load(artifacts, manifest))


def _night(candidates: pd.DataFrame, features: pd.DataFrame, clv: pd.DataFrame, policy: Policy | None) -> Night:
    """The long table of candidates as matrices: customers × actions, the control first."""
    keys, offers = candidates["customer_key"].astype(str), candidates["action"].astype(str)
    customers = pd.Index(sorted(keys.unique()))
    actions = [CONTROL, *sorted(set(offers.unique()) - {CONTROL})]
    rows, columns = customers.get_indexer(pd.Index(keys)), pd.Index(actions).get_indexer(pd.Index(offers))
    shape = (len(customers), len(actions))
    cost, gate, offered = np.zeros(shape), np.full(shape, None, dtype=object), np.zeros(shape, dtype=bool)
    cost[rows, columns] = candidates["cost"].fillna(0).to_numpy(dtype=float)
    gate[rows, columns] = candidates["gate_removed_by"].astype(object).where(candidates["gate_removed_by"].notna(), None)
    offered[rows, columns] = True
    offered[:, 0], gate[:, 0] = True, None
    holdout = np.zeros(len(customers), dtype=bool)
    holdout[rows] = candidates["is_holdout"].fillna(False).to_numpy(dtype=bool)
    value = clv.set_index(clv["customer_key"].astype(str))["clv_predicted"].reindex(customers).fillna(0).to_numpy(dtype=float)
    channels = candidates.drop_duplicates("action").set_index("action")["channel"].reindex(actions).astype(object)
    return Night(
        customers=customers.to_numpy(),
        actions=actions,
        channels=[None if pd.isna(channel) else str(channel) for channel in channels],
        uplift=_uplifts(customers, actions, features, policy),
        value=value,
        cost=cost,
        gate=gate,
        offered=offered,
        holdout=holdout,
    )


def _uplifts(customers: pd.Index, actions: list[str], features: pd.DataFrame, policy: Policy | None) -> np.ndarray:
    """Believed uplift; 0 for actions and customers of whom the policy knows nothing."""
    if policy is None:
        return np.zeros((len(customers), len(actions)))
    known = policy.uplifts(features).set_axis(features["customer_key"].astype(str), axis=0)
    return known.reindex(index=customers, columns=actions).fillna(0.0).to_numpy()


def _measure_night(run: Run, night: Night, action: np.ndarray) -> None:
    for position, name in enumerate(night.actions):
        run.measure(name, "customers_decided", float((action == position).sum()))
