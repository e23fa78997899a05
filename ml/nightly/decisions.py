"""Next best action, one night: learn from the log, judge off-policy, decide for every customer.

Comes in: `ml_inputs.action_candidates`, `ml_inputs.action_log`, tonight's features, `clv_scores`.
Goes out: `next_best_actions` (one row per customer, "nothing" included), `action_candidates` (with the gate that removed each)
and `model_runs`. score = believed change of what the action aims at × what that is worth − cost; where it aims at keeping the
customer, the change in the chance of staying × predicted value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from ml.nightly.aims import CONTROL, MODEL, RETENTION, Aim, aims_of
from ml.nightly.choice import Choice, choose
from ml.nightly.decision_lift import measure_lift
from ml.nightly.decision_tables import PASSED, Night, candidates_table, decisions_table
from ml.nightly.sides import Sides
from ml.nightly.tables import Result, Run, empty, together, uniform
from ml.nightly.taught import Taught, teach


def decide(
    *,
    candidates: pd.DataFrame,
    action_log: pd.DataFrame,
    features_tonight: pd.DataFrame,
    clv: pd.DataFrame,
    churn: pd.DataFrame | None = None,
    features_before: pd.DataFrame | None = None,
    as_of: date,
    artifacts: Path,
    exploration_share: float = 0.10,
    capacity: int | None = None,
    capacities: Mapping[str, int] | None = None,
    aims: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Result:
    """Decide for every customer among `candidates`. Deterministic given seed, as-of date and customer_key.

    `capacity`: most actions of the night, `capacities`: of each by its name. `clv` needs customer_key and clv_predicted;
    a customer without a value counts as 0 and is only ever treated by exploration. `churn` needs customer_key and churn_probability:
    nobody can be kept more surely than they would leave, so no more is believed of retention. `aims`: of actions by name, else
    retention; each aim has a policy of its own. `features_before`: of the newest cut-off whose outcomes are known, with
    `label_left`; beside tonight's they tell which feature is written when customers leave.
    Without a policy that passed its check no effect is believed: everyone gets "nothing" but the explored share, which is how a
    log comes about. Status: published, kept_last_good, or refused; that of the first aim, which is retention wherever an action has it.
    """
    if candidates.empty:
        run = Run(MODEL, as_of, status="refused", reason="there is no candidate action tonight")
        return run.result(next_best_actions=empty("next_best_actions"), action_candidates=empty("action_candidates"))
    sought = aims_of(candidates["action"].astype(str).unique(), aims or {})
    taught = _taught(action_log, features_tonight, sought, as_of, artifacts, seed, _given_away(features_before, features_tonight))
    runs = [one.run for one in taught]
    night = _night(candidates, features_tonight, clv, churn, taught)
    choice = _chosen(night, as_of, seed, exploration_share, capacity, capacities or {})
    for position, name in enumerate(night.actions):
        runs[0].measure(name, "customers_decided", float((choice.action == position).sum()))
    measure_lift(runs[0], action_log)
    version = f"{'+'.join(one.version or 'no_policy' for one in runs)}/explore={exploration_share:g}"
    return together(
        runs,
        next_best_actions=decisions_table(night, choice, as_of, version),
        action_candidates=candidates_table(night, choice, as_of),
    )


def _given_away(before: pd.DataFrame | None, tonight: pd.DataFrame) -> str | None:
    """What of the features is written when customers leave; None where nothing is, or no earlier cut-off tells."""
    return None if before is None or before.empty else Sides.of(before, tonight).given_away


def _chosen(night: Night, as_of: date, seed: int, exploration_share: float, capacity: int | None, capacities: Mapping[str, int]) -> Choice:
    order, draw = (uniform(night.customers, seed, as_of, purpose) for purpose in ("order", "exploration"))
    limits = {night.actions.index(name): most for name, most in capacities.items() if name in night.actions}
    return choose(night.scores, night.passed, night.holdout, order, draw, exploration_share, capacity, limits)


def _taught(
    log: pd.DataFrame, tonight: pd.DataFrame, aims: Mapping[Aim, list[str]], as_of: date, artifacts: Path, seed: int, given_away: str | None
) -> list[Taught]:
    everything = frozenset(name for actions in aims.values() for name in actions)
    return [
        teach(log, tonight, aim, actions, everything - set(actions), Run(aim.model, as_of), artifacts, seed, given_away)
        for aim, actions in aims.items()
    ]


def _night(
    candidates: pd.DataFrame, features: pd.DataFrame, clv: pd.DataFrame, churn: pd.DataFrame | None, taught: Sequence[Taught]
) -> Night:
    """The long table of candidates as matrices: customers × actions, the control first."""
    rows, customers = pd.factorize(candidates["customer_key"].astype(str), sort=True)
    offers, names = pd.factorize(candidates["action"].astype(str))
    gates, gate_names = pd.factorize(candidates["gate_removed_by"])
    actions = [CONTROL, *sorted(set(names) - {CONTROL})]
    columns = pd.Index(actions).get_indexer(pd.Index(names))[offers]
    shape = (len(customers), len(actions))
    cost, gate, offered = np.zeros(shape), np.full(shape, PASSED, dtype=np.int8), np.zeros(shape, dtype=bool)
    cost[rows, columns] = candidates["cost"].fillna(0).to_numpy(dtype=float)
    gate[rows, columns] = gates
    offered[rows, columns] = True
    offered[:, 0], gate[:, 0] = True, PASSED
    holdout = np.zeros(len(customers), dtype=bool)
    holdout[rows] = candidates["is_holdout"].fillna(False).to_numpy(dtype=bool)
    value = clv.set_index(clv["customer_key"].astype(str))["clv_predicted"].reindex(customers).fillna(0).to_numpy(dtype=float)
    by_action = {name: one for one in taught for name in one.actions}
    aimed = [by_action[name].aim if name in by_action else None for name in actions]
    channels = candidates.drop_duplicates("action").set_index("action")["channel"].reindex(actions).astype(object)
    return Night(
        customers=customers.to_numpy(dtype=object),
        actions=actions,
        channels=[None if pd.isna(channel) else str(channel) for channel in channels],
        aims=aimed,
        versions=[by_action.get(name, taught[0]).run.version for name in actions],
        uplift=_possible(_uplifts(customers, actions, features, taught), customers, aimed, churn),
        worth=_worth(candidates, rows, columns, value, len(actions)),
        cost=cost,
        gate=gate,
        gates=[str(name) for name in gate_names],
        offered=offered,
        holdout=holdout,
    )


def _worth(candidates: pd.DataFrame, rows: np.ndarray, columns: np.ndarray, value: np.ndarray, actions: int) -> np.ndarray:
    """Customers × actions: what one unit of the aim is worth; the predicted value of the customer where the candidate says nothing else."""
    worth = np.broadcast_to(value[:, None], (len(value), actions))
    told = candidates["worth"].to_numpy(dtype=float, na_value=np.nan) if "worth" in candidates else np.array(np.nan)
    if np.isnan(told).all():
        return worth
    worth = worth.copy()
    worth[rows, columns] = np.where(np.isnan(told), worth[rows, columns], told)
    return worth


def _uplifts(customers: pd.Index, actions: list[str], features: pd.DataFrame, taught: Sequence[Taught]) -> np.ndarray:
    """Believed uplift, each action by the policy of its aim; 0 for actions and customers of whom it knows nothing."""
    uplift = np.zeros((len(customers), len(actions)))
    for one in taught:
        if one.policy is not None:
            known = one.policy.uplifts(features).set_axis(features["customer_key"].astype(str), axis=0)
            places = [actions.index(name) for name in one.actions]
            uplift[:, places] = known.reindex(index=customers, columns=list(one.actions)).fillna(0.0).to_numpy()
    return uplift


def _possible(uplift: np.ndarray, customers: pd.Index, aims: list[Aim | None], churn: pd.DataFrame | None) -> np.ndarray:
    """`uplift`, on retention no more than the chance of leaving; as it is for a customer of whom no model says that chance."""
    if churn is None:
        return uplift
    leaving = churn.set_index(churn["customer_key"].astype(str))["churn_probability"].reindex(customers).to_numpy(dtype=float)
    retains = np.array([aim == RETENTION for aim in aims])
    return np.where(retains, np.fmin(uplift, leaving[:, None]), uplift)
