"""The policy of one aim tonight: learnt from the log, judged, or the last good one.

Comes in: the log of past decisions, an aim and its actions. Goes out: `Taught`, a policy (or none) with the run that tells of it.
It is learnt from decisions for its own actions and for none, and judged on all: where something else was done weighs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import pandas as pd

from ml import artifacts as store
from ml.beside import beside
from ml.encoding import parse
from ml.next_best_action import Policy
from ml.next_best_action.hindsight import follow_the_decision
from ml.nightly.aims import AIMS, Aim
from ml.nightly.decision_judgement import duel, fitted, judge
from ml.nightly.learning import Learnt, Lesson, learn, load
from ml.nightly.sides import told_later
from ml.nightly.tables import Run
from ml.refusal import Refused

_LEARNT_FROM = ["action_id", "customer_key", "action", "propensity"]
_LOG_META = {*_LEARNT_FROM, "decided_at", "outcome_day", "cost", "is_holdout", "margin", *(aim.outcome for aim in AIMS)}


@dataclass(frozen=True)
class Taught:
    """What is believed of the actions of one aim; without a policy nothing is."""

    aim: Aim
    actions: Sequence[str]
    run: Run
    policy: Policy | None


def teach(
    log: pd.DataFrame,
    tonight: pd.DataFrame,
    aim: Aim,
    actions: Sequence[str],
    others: frozenset[str],
    run: Run,
    artifacts: Path,
    seed: int,
    given_away: str | None = None,
) -> Taught:
    """Tonight's policy if it passes, else the last good one, else none; `run` says which and why. `others`: actions of other aims.

    `given_away`: what shows already that a feature knows the future, in words.
    """
    names = [name for name in log.columns if name not in _LOG_META and name in tonight.columns]
    # Who could only get what they got (the holdout, a policy that never explores) says nothing of what else would have done.
    used = log[log["propensity"].between(0, 1, inclusive="neither") & log[aim.outcome].notna()].sort_values("action_id", ignore_index=True)
    known_by = pd.to_datetime(used["outcome_day"]).max().date() if len(used) else run.as_of
    apart = {"others": sorted(others)} if others else {}
    try:
        known = told_later(used[names]) or given_away
        if known is not None:
            raise Refused(f"a feature knows the future ({known})")
        lesson = Lesson.of(used[[*_LEARNT_FROM, aim.outcome, *names]], known_by, seed=seed, **apart)
        against = partial(duel, log=used, seed=seed, aim=aim)
        learnt = learn(run, artifacts, lesson, lambda: _learnt(used, names, run, seed, aim, others), against)
        return Taught(aim, actions, run, Policy.from_parts(*learnt))
    except Refused as reason:
        return Taught(aim, actions, run, _last_good(str(reason), tonight, run, artifacts))


def _learnt(log: pd.DataFrame, names: list[str], run: Run, seed: int, aim: Aim, others: frozenset[str]) -> Learnt:
    """Raises Refused when nothing can be learnt, a feature knows the future, or the policy is certainly worse than doing nothing."""
    _refuse_first(_following(log, names))
    with beside(fitted, log, names, seed, aim, others, rows=len(log)) as whole:
        twin, refusal = judge(log, names, run, seed, aim, others)
        _refuse_first([(one["feature"], one["reason"]) for one in twin.report["suspicious_features"] if one["is_certain"]])
        if refusal is not None:
            raise Refused(refusal)
        policy = whole()
    for one in policy.report["suspicious_features"]:
        if one["roc_auc"] is not None:
            run.measure(one["feature"], "suspicious_roc_auc", one["roc_auc"])
    for effect in policy.report["effects"]:
        mean, margin = effect["mean_effect"], 1.96 * effect["standard_error"]
        run.measure(effect["action"], f"mean_effect_on_{aim.doing}", mean, mean - margin, mean + margin)
        run.measure(effect["action"], "is_personal", float(effect["is_personal"]))
    return Learnt(*policy.to_parts(), names, twin=twin.to_parts())


def _following(log: pd.DataFrame, names: list[str]) -> list[tuple[str, str]]:
    """Features that follow from the decision, each with how that shows; in all of them, as an aim leaves some out by what was done."""
    decided = log["action"].to_numpy(dtype=object), log["propensity"].to_numpy(dtype=float)
    return [(one.feature, one.reason) for one in follow_the_decision(parse(log[names]), *decided)]


def _refuse_first(found: Sequence[tuple[str, str]]) -> None:
    if found:
        raise Refused(f"a feature knows the future ({found[0][0]}: {found[0][1]})")


def _last_good(refusal: str, tonight: pd.DataFrame, run: Run, artifacts: Path) -> Policy | None:
    run.reason = refusal
    manifest = store.last_good(artifacts, run.model, run.as_of)
    if manifest is None or set(manifest.columns) - set(tonight.columns):
        run.status = "refused"
        return None
    run.status, run.version, run.trained_as_of = "kept_last_good", manifest.id, date.fromisoformat(manifest.trained_as_of)
    run.reason = f"{refusal}; the policy of {manifest.trained_as_of} stays, {(run.as_of - run.trained_as_of).days} days old"
    return Policy.from_parts(*load(artifacts, manifest))
